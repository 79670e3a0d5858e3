// What is in the cart, as the shop last said or will say: a change shows at once, and is sent in turn.

import * as api from './api.js';

const MOST = 99;
let known = null; // null: not yet, or not to be had
let sending = Promise.resolve();
const wanted = new Map(); // product id -> quantity not yet sent
const watchers = new Set();

export const contents = () => known;
export const watch = (watcher) => (watchers.add(watcher), () => watchers.delete(watcher));
export const most = (product) => Math.min(MOST, product.stock);

function become(cart) {
  known = cart;
  for (const watcher of watchers) watcher(cart);
}

export async function load(signal) {
  await settled();
  become(await api.cart(signal));
  return known;
}

// Resolves when no change is on its way.
export const settled = () => sending;

export function quantityOf(id) {
  return known?.items.find((item) => item.product.id === id)?.quantity ?? 0;
}

// The cart with a product's quantity changed. Sums are the shop's to know; until it answers these stand in.
export function changed(cart, product, quantity) {
  const line = { product, quantity, amount: product.price * quantity };
  const there = cart.items.some((item) => item.product.id === product.id);
  const items = (there ? cart.items.map((item) => (item.product.id === product.id ? line : item)) : [...cart.items, line])
    .filter((item) => item.quantity > 0);
  const sum = (part) => items.reduce((total, item) => total + item[part], 0);
  return { ...cart, items, quantity: sum('quantity'), amount: sum('amount') };
}

async function sendAll() {
  while (wanted.size) {
    const [id, quantity] = wanted.entries().next().value;
    wanted.delete(id);
    const answer = await api.setCart(id, quantity);
    if (!wanted.size) become(answer); // an older answer must not undo what was clicked since
  }
}

// Resolves when the shop knows. After a failure the cart is what the shop says it is.
export async function set(product, quantity) {
  if (!known) await load();
  become(changed(known, product, quantity));
  wanted.set(product.id, quantity);
  const mine = sending.catch(() => {}).then(sendAll);
  sending = mine.catch(() => {}); // who waits for all is not told of one: its caller is
  try {
    await mine;
  } catch (error) {
    await load().catch(() => {});
    throw error;
  }
}
