// The shop's API (API.md beside its sources): requests, patience, and what may be asked again.

export const RETRIED = new Set([502, 503, 504]);
const PATIENCE_MS = 8000;
const READ_WAITS_MS = [300, 900];
const LONGEST_WAIT_MS = 5000;
let base = '/api';

export function configure(api) {
  base = api;
}

export class Problem extends Error {
  // `status` 0: nobody answered. `kind`: the last word of the problem's type, '' when it was no problem document.
  constructor(status, kind = '', more = {}, retryAfterMs = 0) {
    super(`${status} ${kind}`);
    Object.assign(this, { status, kind, more, retryAfterMs });
  }

  // Somebody who knows has said no. Anything else (a dying server, a proxy's page) leaves open what happened.
  get final() {
    return this.kind !== '' && this.status >= 400 && this.status < 500;
  }

  get temporary() {
    return this.status === 0 || RETRIED.has(this.status);
  }
}

const sleep = (ms, signal) =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener('abort', () => (clearTimeout(timer), reject(signal.reason)), { once: true });
  });

async function once(method, path, { body, headers = {}, patience = PATIENCE_MS, signal } = {}) {
  const timeout = AbortSignal.timeout(patience);
  let answer;
  let data;
  try {
    answer = await fetch(`${base}${path}`, {
      method,
      headers: { accept: 'application/json', ...(body ? { 'content-type': 'application/json' } : {}), ...headers },
      body: body && JSON.stringify(body),
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
    data = /json/.test(answer.headers.get('content-type') ?? '') ? await answer.json() : null;
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Problem(0); // refused, cut, timed out, or half an answer
  }
  if (answer.ok && data !== null) return data;
  const kind = String(data?.type ?? '').split(':').pop();
  const seconds = Number(answer.headers.get('retry-after'));
  throw new Problem(answer.ok ? 502 : answer.status, kind, data ?? {}, seconds > 0 ? seconds * 1000 : 0);
}

// Asks until answered, waiting `waits` in between. Only for requests that may arrive twice: all of this shop's.
// `answer`: the kind of problem that tells enough.
export async function ask(method, path, { waits = READ_WAITS_MS, onRetry, answer, ...options } = {}) {
  for (let turn = 0; ; turn += 1) {
    try {
      return await once(method, path, options);
    } catch (error) {
      if (!(error instanceof Problem && error.temporary) || turn >= waits.length || (answer && error.kind === answer)) throw error;
      onRetry?.(turn);
      const spread = 0.75 + Math.random() / 2; // many who lost one server do not come back at one moment
      await sleep(Math.min(Math.max(waits[turn] * spread, error.retryAfterMs), LONGEST_WAIT_MS), options.signal);
    }
  }
}

export function query(values) {
  const given = Object.entries(values).filter(([, value]) => value);
  return given.length ? `?${new URLSearchParams(given)}` : '';
}

export const products = (wanted, signal) => ask('GET', `/products${query(wanted)}`, { signal });
export const product = (id, signal) => ask('GET', `/products/${encodeURIComponent(id)}`, { signal });
export const categories = (signal) => ask('GET', '/categories', { signal });
export const AWAY = 'unavailable'; // the cart's store may be, while all else is there
export const cart = (signal) => ask('GET', '/cart', { signal, answer: AWAY });
export const setCart = (id, quantity) =>
  ask(quantity > 0 ? 'PUT' : 'DELETE', `/cart/items/${id}`, { body: quantity > 0 ? { quantity } : undefined, answer: AWAY });
export const orders = (wanted, signal) => ask('GET', `/orders${query(wanted)}`, { signal });
export const order = (id, signal) => ask('GET', `/orders/${encodeURIComponent(id)}`, { signal });
export const health = () => ask('GET', '/health', { waits: [] });
