// One purchase, at most once. Its key and what it buys are kept until the shop has said yes or no: a reload, a lost
// connection or a dying server is followed by the very same request, which the shop answers with the very same order.

import { ask } from './api.js';
import { storage } from './storage.js';

const KEY = 'purchase';
const PATIENCE_MS = 12000;
export const WAITS_MS = [400, 800, 1600, 3200, 5000, 5000, 5000, 5000]; // an instance that died is back by then

function newKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

// The purchase that was begun and not answered, or null.
export function pending() {
  try {
    const kept = JSON.parse(storage().getItem(KEY));
    return kept?.key && kept.body?.items?.length ? kept : null;
  } catch {
    return null;
  }
}

export function forget() {
  storage().removeItem(KEY);
}

// The purchase of this cart; an unanswered one comes first, whichever tab began it.
export function begin(cart) {
  const unanswered = pending();
  if (unanswered) return unanswered;
  const items = cart.items.map(({ product, quantity }) => ({ product: product.id, quantity }));
  const purchase = { key: newKey(), body: { items, amount: cart.amount } };
  storage().setItem(KEY, JSON.stringify(purchase));
  return purchase;
}

// The order; else a Problem. `final` ones end the purchase: nothing was bought. After any other it stays pending.
export async function send(purchase, { waits = WAITS_MS, onRetry } = {}) {
  try {
    const order = await ask('POST', '/orders', {
      body: purchase.body,
      headers: { 'idempotency-key': purchase.key },
      patience: PATIENCE_MS,
      waits,
      onRetry,
    });
    forget();
    return order;
  } catch (error) {
    if (error.final) forget();
    throw error;
  }
}
