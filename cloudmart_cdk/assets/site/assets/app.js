// The page's frame: which view an address means, moving between them, language, connection, and the footer.

import * as api from './api.js';
import * as basket from './basket.js';
import { cart } from './cart.js';
import { detail, list } from './catalogue.js';
import { at, redraw } from './dom.js';
import { preferred, recall, remember, speak, t } from './language.js';
import { order, orders } from './orders.js';
import { pending } from './purchase.js';
import { announce, down, missing, toast } from './states.js';

const ROUTES = [
  [/^\/$/, list],
  [/^\/products\/([\w-]+)$/, detail],
  [/^\/cart$/, cart],
  [/^\/orders$/, orders],
  [/^\/orders\/([\w-]+)$/, order],
];
const TYPING_MS = 350;
const RETRY_MS = 6000;
const FOOTER_MS = 15000;

const main = at('main');
const visited = new Map(); // address -> what was shown there and how far down, for "back"
let shown = null; // the view in place and its content
let here = ''; // its address
let loading = new AbortController();
let retry;

// --- Views

function draw() {
  const { view, content } = shown;
  redraw(main, ...[view.render(content, { again: draw, go })].flat().filter(Boolean));
  const title = view.title(content);
  document.title = title ? `${title} · CloudMart` : 'CloudMart';
}

// `keep`: the focus stays where it is, as while typing a search. `back`: what was here is shown as it was.
async function show({ keep = false, back = false, silent = false, state = null } = {}) {
  const url = new URL(location.href);
  const [route, view] = ROUTES.find(([path]) => path.test(url.pathname)) ?? [];
  if (visited.has(here)) visited.get(here).scroll = scrollY;
  here = url.pathname + url.search;
  clearTimeout(retry);
  loading.abort(new DOMException('left', 'AbortError'));
  loading = new AbortController();
  const { signal } = loading;
  mark(url);
  if (!view) return instead(missing, 'missingTitle', keep);
  const context = { match: url.pathname.match(route), wanted: view.wanted?.(url), signal, state };
  const before = back && visited.get(here);
  if (!before && !keep && !silent) {
    shown = null;
    main.replaceChildren(view.skeleton(context));
    scrollTo(0, 0);
  }
  main.ariaBusy = 'true';
  try {
    const content = before && view !== cart ? before.content : await view.load(context);
    if (signal.aborted) return undefined;
    shown = { view, content };
    visited.set(here, { content, scroll: before?.scroll ?? 0 });
    draw();
    settle({ keep: keep || silent, scroll: before?.scroll });
  } catch (error) {
    if (signal.aborted) return undefined;
    if (!(error instanceof api.Problem)) console.error(error);
    if (error.final) return instead(missing, 'missingTitle', keep);
    retry = setTimeout(() => show({ silent: true, state }), RETRY_MS);
    if (silent && main.querySelector('#again')) return main.removeAttribute('aria-busy');
    return instead(() => down(() => show({ state })), 'downTitle', keep);
  }
  return undefined;
}

function instead(render, title, keep) {
  shown = { view: { render, title: () => t(title) } };
  draw();
  settle({ keep });
}

// Who came by keyboard or ear is put at the heading of the new page.
let arrived = false;
function settle({ keep, scroll }) {
  main.removeAttribute('aria-busy');
  if (scroll) scrollTo(0, scroll);
  if (!keep && arrived) {
    (main.querySelector('h1') ?? main).focus({ preventScroll: true });
    announce(document.title);
  }
  arrived = true;
}

function mark(url) {
  for (const link of document.querySelectorAll('.links a')) {
    link.ariaCurrent = url.pathname.startsWith(link.pathname) ? 'page' : null;
  }
  const q = url.searchParams.get('q') ?? '';
  if (document.activeElement !== at('search')) at('search').value = q;
}

function go(address, { keep = false, replace = false, ...state } = {}) {
  history[replace ? 'replaceState' : 'pushState'](null, '', address);
  return show({ keep, state });
}

// --- Moving about

history.scrollRestoration = 'manual';
addEventListener('popstate', () => {
  if (location.pathname + location.search !== here) show({ back: true }); // else only a fragment: the skip link
});
document.addEventListener('click', (event) => {
  const link = event.target.closest?.('a[href^="/"]');
  if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  go(link.getAttribute('href'));
});

let typing;
const search = (keep) => {
  clearTimeout(typing);
  const here = location.pathname === '/' && new URLSearchParams(location.search).has('q');
  return go(`/${api.query({ q: at('search').value.trim() })}`, { keep, replace: keep && here });
};
at('search').addEventListener('input', () => {
  clearTimeout(typing);
  typing = setTimeout(() => search(true), TYPING_MS);
});
at('search').form.addEventListener('submit', (event) => {
  event.preventDefault();
  search(false);
});

// --- Language

speak(preferred(recall(), navigator.languages ?? []));
for (const button of document.querySelectorAll('[data-language]')) {
  button.addEventListener('click', () => {
    remember(button.dataset.language);
    speak(button.dataset.language);
    count(basket.contents());
    if (shown) draw();
  });
}

// --- Cart in the header

function count(contents) {
  const quantity = contents?.quantity ?? 0;
  const shown = quantity > 99 ? '99+' : quantity;
  at('cart-count').textContent = shown;
  at('cart-count').hidden = quantity === 0;
  at('cart-label').textContent = quantity ? t('cartWith', shown) : t('cart');
}
basket.watch((contents) => {
  count(contents);
  if (shown?.view === cart) draw();
});

// --- Connection

const connection = () => {
  at('offline').textContent = navigator.onLine ? '' : t('offline');
};
addEventListener('offline', connection);
addEventListener('online', () => {
  connection();
  toast(t('online'));
  if (main.querySelector('#again')) show({ silent: true });
});

// --- Start

async function footer() {
  try {
    const { instance, version } = await api.health();
    at('server').textContent = [instance, version].filter(Boolean).join(' · ');
  } catch {
    at('server').textContent = '–';
  }
}

async function configure() {
  try {
    const config = await (await fetch('/config.json')).json();
    api.configure(config.api);
    at('stage').textContent = config.stage;
    at('region').textContent = config.region;
  } catch {
    // served without its config: the defaults hold
  }
}

connection();
await configure();
basket.load().catch(() => {});
await show();
if (pending() && shown?.view !== cart) toast(t('unknownTitle'), { href: '/cart', text: t('finish') });
footer();
setInterval(() => document.hidden || footer(), FOOTER_MS);
