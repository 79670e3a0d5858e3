// What is in the cart, as the shop last said or will say: a change shows at once, and is sent in turn. While the shop's
// own store of carts is away, the browser's copy (product ids and quantities) stands in, and is sent when it is back.

import * as api from './api.js';
import { storage } from './storage.js';

const KEY = 'cart';
const MOST = 99;
const RETRY_MS = 6000;
let known = null; // null: not yet, or not to be had
let absent = false; // the shop's store is away
let coming; // the next look whether it is back
let sending = Promise.resolve();
const wanted = new Map(); // product id -> quantity not yet sent
const watchers = new Set();

export const contents = () => known;
export const away = () => absent;
export const watch = (watcher) => (watchers.add(watcher), () => watchers.delete(watcher));
export const most = (product) => Math.min(MOST, product.stock);

function become(cart) {
  known = cart;
  keep();
  for (const watcher of watchers) watcher(cart);
}

// --- The browser's copy

function keep() {
  const items = known.items.map(({ product, quantity }) => [product.id, quantity]);
  try {
    storage().setItem(KEY, JSON.stringify({ items, unsent: absent ? [...wanted] : [] }));
  } catch {
    // full: the page has it still
  }
}

function recall() {
  try {
    const { items, unsent } = JSON.parse(storage().getItem(KEY));
    return { items: items.filter(([, quantity]) => quantity > 0), unsent };
  } catch {
    return { items: [], unsent: [] };
  }
}
for (const [id, quantity] of recall().unsent) wanted.set(id, quantity);

// With today's names, prices and stock; what is no longer sold is left out.
async function rebuilt(signal) {
  const lines = await Promise.all(
    recall().items.map(async ([id, quantity]) => {
      try {
        return { product: await api.product(id, signal), quantity };
      } catch (error) {
        if (error.final) return null;
        throw error;
      }
    }),
  );
  return lines.filter(Boolean).reduce((cart, { product, quantity }) => changed(cart, product, quantity), { items: [], quantity: 0, amount: 0 });
}

function leave() {
  absent = true;
  clearTimeout(coming);
  coming = setTimeout(() => load().catch(leave), RETRY_MS);
  coming.unref?.();
}

// --- Reading and changing

export async function load(signal) {
  await settled();
  try {
    let cart = await api.cart(signal);
    clearTimeout(coming);
    absent = false;
    if (wanted.size) {
      sending = deliver();
      await sending;
      cart = await api.cart(signal);
    }
    become(cart);
  } catch (error) {
    if (error.kind !== api.AWAY) throw error;
    const was = absent;
    leave();
    const cart = await rebuilt(signal);
    if (!was || JSON.stringify(cart.items) !== JSON.stringify(known?.items)) become(cart); // else nobody is disturbed
  }
  return known;
}

// What was changed while the store was away. What the shop refuses is dropped.
async function deliver() {
  while (wanted.size && !absent) {
    await sendAll().catch((error) => {
      if (!error.final) leave();
    });
  }
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
    let answer;
    try {
      answer = await api.setCart(id, quantity);
    } catch (error) {
      if (error.final || (!absent && error.kind !== api.AWAY)) throw error;
      if (!wanted.has(id)) wanted.set(id, quantity);
      leave();
      return become(known);
    }
    if (!wanted.size) {
      absent = false;
      become(answer); // an older answer must not undo what was clicked since
    }
  }
  return undefined;
}

// Resolves when the shop knows, or the browser in its place. After a failure the cart is what the shop says it is.
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

// An order takes what it bought out of the cart; while that is away, the browser remembers to.
export async function bought(ids) {
  const was = absent;
  if (!was) await load().catch(() => {});
  if (!was && !absent) return;
  leave();
  for (const id of ids) wanted.set(id, 0);
  if (known) become(ids.reduce((cart, id) => changed(cart, { id, price: 0 }, 0), known));
}
