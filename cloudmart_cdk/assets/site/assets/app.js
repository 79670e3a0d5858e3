// Language switch, and the state of the API. Everything the page must know about its stage is in /config.json.

const POLL_MS = 15000;
const PATIENCE_MS = 5000;
const root = document.documentElement;
const at = (id) => document.getElementById(id);

function remembered() {
  try {
    return localStorage.getItem('language');
  } catch {
    return null; // storage refused
  }
}

function show(language) {
  root.lang = language;
  for (const button of document.querySelectorAll('[data-language]')) {
    button.setAttribute('aria-pressed', String(button.dataset.language === language));
  }
}

function choose(language) {
  show(language);
  try {
    localStorage.setItem('language', language);
  } catch {
    // storage refused: the choice lasts as long as the page
  }
}

async function json(url) {
  const answer = await fetch(url, {
    cache: 'no-store',
    headers: { accept: 'application/json' },
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  return answer.json();
}

let checking = false;

async function check(health) {
  if (checking) return;
  checking = true;
  at('again').setAttribute('aria-disabled', 'true');
  const begun = performance.now();
  let state = 'down';
  let latency = '–';
  let server = '–';
  try {
    const answer = await json(health);
    state = 'up';
    latency = `${Math.round(performance.now() - begun)} ms`;
    server = answer.instance ?? server;
  } catch {
    // the state says it
  }
  at('latency').textContent = latency;
  at('server').textContent = server;
  at('checked').textContent = new Date().toLocaleTimeString(root.lang);
  // Only a change is written, so that a screen reader is told changes and not every poll.
  if (at('status').dataset.state !== state) at('status').dataset.state = state;
  at('again').removeAttribute('aria-disabled');
  checking = false;
}

const preferred = (navigator.languages ?? []).some((one) => one.toLowerCase().startsWith('ko')) ? 'ko' : 'en';
show(remembered() ?? preferred);
for (const button of document.querySelectorAll('[data-language]')) {
  button.addEventListener('click', () => choose(button.dataset.language));
}

let health = '/api/health';
try {
  const config = await json('/config.json');
  health = config.health;
  at('stage').textContent = config.stage;
  at('region').textContent = config.region;
} catch {
  // served without its config: the defaults hold
}
at('again').addEventListener('click', () => check(health));
await check(health);
setInterval(() => document.hidden || check(health), POLL_MS);
