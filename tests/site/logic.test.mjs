// The page's logic without a browser, against a real server on loopback. Run by test_logic.py: node --test.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { afterEach, beforeEach, test } from 'node:test';

const site = new URL('../../cloudmart_cdk/assets/site/assets/', import.meta.url);
const api = await import(new URL('api.js', site));
const basket = await import(new URL('basket.js', site));
const language = await import(new URL('language.js', site));
const purchase = await import(new URL('purchase.js', site));
const { texts } = await import(new URL('texts.js', site));

const WAITS = [1, 1, 1];
const ORDER = { id: 'order-1', items: [], amount: 36000 };
const PRODUCT = { id: 1, price: 18000, stock: 5 };
const CART = { items: [{ product: PRODUCT, quantity: 2, amount: 36000 }], quantity: 2, amount: 36000 };
const problem = (status, kind, more = {}) => ({ status, type: 'application/problem+json', body: { type: `urn:cloudmart:problem:${kind}`, status, ...more } });
const page = (status) => ({ status, type: 'text/html', body: '<h1>proxy</h1>' });
const good = (body, status = 200) => ({ status, type: 'application/json', body });
const CUT = 'cut';
const HOLD = 'hold';
const soon = () => new Promise((_, reject) => setTimeout(reject, 60000, new Error('it goes on waiting')).unref());

let server;
let asked;
let answers; // the last one stays

beforeEach(async () => {
  asked = [];
  server = createServer(async (request, response) => {
    let body = '';
    for await (const part of request) body += part;
    asked.push({ method: request.method, path: request.url, key: request.headers['idempotency-key'], body });
    let answer = answers.length > 1 ? answers.shift() : answers[0];
    if (typeof answer === 'function') answer = answer(asked.at(-1));
    if (answer === CUT) return request.socket.destroy();
    if (answer === HOLD) return undefined;
    response.writeHead(answer.status, { 'content-type': answer.type, ...answer.headers });
    return response.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body));
  });
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  api.configure(`http://127.0.0.1:${server.address().port}/api`);
  purchase.forget();
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const buy = () => purchase.send(purchase.begin(CART), { waits: WAITS });

test('a purchase says what it buys, for how much, and under which key', async () => {
  answers = [good(ORDER, 201)];
  assert.deepEqual(await buy(), ORDER);
  const [{ method, path, key, body }] = asked;
  assert.deepEqual([method, path], ['POST', '/api/orders']);
  assert.match(key, /^[0-9a-f]{32}$/);
  assert.deepEqual(JSON.parse(body), { items: [{ product: 1, quantity: 2 }], amount: 36000 });
  assert.equal(purchase.pending(), null);
});

for (const [what, failure] of [['a cut line', CUT], ['a 502 of a proxy', page(502)], ['a 503', problem(503, 'unavailable')], ['a 504', problem(504, 'timeout')], ['half an answer', { status: 201, type: 'application/json', body: '{"id": ' }]]) {
  test(`after ${what} the very same purchase is sent again`, async () => {
    answers = [failure, failure, good(ORDER, 201)];
    assert.equal((await buy()).id, ORDER.id);
    assert.equal(asked.length, 3);
    assert.equal(new Set(asked.map(({ key, body }) => key + body)).size, 1);
  });
}

test('unanswered it stays, and what comes next is that purchase, whatever the cart holds by then', async () => {
  answers = [CUT];
  await assert.rejects(buy(), { status: 0 });
  assert.equal(asked.length, 1 + WAITS.length);
  const kept = purchase.pending();
  assert.equal(kept.key, asked[0].key);
  answers = [good(ORDER, 201)];
  assert.deepEqual(purchase.begin({ items: [], amount: 0 }), kept);
  await purchase.send(kept, { waits: WAITS });
  assert.equal(asked.at(-1).key, kept.key);
  assert.equal(asked.at(-1).body, asked[0].body);
  assert.equal(purchase.pending(), null);
});

test('a server error that nobody explains is not asked again by itself, nor forgotten', async () => {
  answers = [problem(500, 'internal')];
  await assert.rejects(buy(), { status: 500, final: false });
  assert.equal(asked.length, 1);
  assert.ok(purchase.pending());
});

test('a refusal ends it: the next purchase has a key of its own', async () => {
  answers = [problem(409, 'out-of-stock', { items: [{ product: 1, requested: 2, available: 1 }] })];
  await assert.rejects(buy(), { kind: 'out-of-stock', final: true, more: { ...answers[0].body } });
  assert.equal(asked.length, 1);
  assert.equal(purchase.pending(), null);
  answers = [good(ORDER, 201)];
  await buy();
  assert.notEqual(asked[0].key, asked[1].key);
});

test('a refusal by somebody in between does not end it', async () => {
  answers = [page(403)];
  await assert.rejects(buy(), { status: 403, final: false });
  assert.ok(purchase.pending());
});

test('it waits as long as it is told to, and no longer than it is patient', async () => {
  answers = [{ ...problem(503, 'unavailable'), headers: { 'retry-after': '0.05' } }, good({ items: [] })];
  const begun = performance.now();
  await api.ask('GET', '/orders', { waits: [0] });
  assert.ok(performance.now() - begun >= 45);
});

test('what has been left is not asked again', async () => {
  answers = [problem(503, 'unavailable')];
  const left = new AbortController();
  const waiting = api.ask('GET', '/products', { waits: [60000], signal: left.signal, onRetry: () => setTimeout(() => left.abort(new Error('left'))) });
  await assert.rejects(Promise.race([waiting, soon()]), { message: 'left' });
  assert.equal(asked.length, 1);
});

test('what is left while it is asked ends there', async () => {
  const left = new AbortController();
  answers = [() => (left.abort(new Error('left')), HOLD)];
  await assert.rejects(Promise.race([api.ask('GET', '/products', { waits: [1], signal: left.signal }), soon()]), { message: 'left' });
  assert.equal(asked.length, 1);
});

test('a success that is no JSON is no success', async () => {
  answers = [page(200)];
  await assert.rejects(api.ask('GET', '/cart', { waits: [] }), { status: 502, temporary: true });
});

test('a query names what is given only', () => {
  assert.equal(api.query({ q: '', sort: undefined }), '');
  assert.equal(api.query({ q: '달항아리 &', limit: 12 }), '?q=%EB%8B%AC%ED%95%AD%EC%95%84%EB%A6%AC+%26&limit=12');
});

test('a cart with a quantity changed, a product added, one gone', () => {
  const other = { id: 2, price: 500, stock: 9 };
  assert.deepEqual(basket.changed(CART, PRODUCT, 3), { items: [{ product: PRODUCT, quantity: 3, amount: 54000 }], quantity: 3, amount: 54000 });
  const both = basket.changed(CART, other, 1);
  assert.deepEqual([both.items.length, both.quantity, both.amount], [2, 3, 36500]);
  assert.deepEqual(basket.changed(CART, PRODUCT, 0), { items: [], quantity: 0, amount: 0 });
});

test('clicks in a row: shown at once, sent in turn, the last one counts', async () => {
  answers = [good(CART)];
  await basket.load();
  answers = [({ body }) => good(basket.changed(CART, PRODUCT, JSON.parse(body).quantity))];
  const seen = [];
  const stop = basket.watch((cart) => seen.push(cart.quantity));
  const first = basket.set(PRODUCT, 3);
  while (!asked.some(({ method }) => method === 'PUT')) await new Promise(setImmediate); // it is on its way
  await Promise.all([first, basket.set(PRODUCT, 4), basket.set(PRODUCT, 5)]);
  stop();
  assert.deepEqual(seen, [3, 4, 5, 5], 'an older answer undoes nothing');
  assert.deepEqual(JSON.parse(asked.at(-1).body), { quantity: 5 });
  assert.equal(basket.contents().quantity, 5);
});

test('a change that fails is taken back, and said', async () => {
  answers = [good(CART)];
  await basket.load();
  answers = [problem(409, 'cart-full'), good(CART)];
  await assert.rejects(basket.set({ id: 3, price: 1, stock: 1 }, 1), { kind: 'cart-full' });
  assert.equal(basket.quantityOf(3), 0);
  assert.equal(basket.contents().quantity, 2);
});

test('a change that fails takes no other with it', async () => {
  answers = [good(CART)];
  await basket.load();
  const other = { id: 2, price: 500, stock: 9 };
  answers = [({ path }) => (path.endsWith('/items/1') ? problem(404, 'not-found') : good(basket.changed(CART, other, 1)))];
  const both = await Promise.allSettled([basket.set(PRODUCT, 3), basket.set(other, 1)]);
  assert.deepEqual(both.map(({ status }) => status), ['rejected', 'fulfilled']);
  assert.ok(asked.some(({ method, path }) => method === 'PUT' && path === '/api/cart/items/2'));
});

const AWAY = problem(503, 'unavailable');
const OTHER = { id: 2, price: 500, stock: 9 };

// A shop whose products are there; its carts as `cart` says.
const shop = (cart) => [(request) => (request.path.startsWith('/api/products/') ? good(request.path.endsWith('/1') ? PRODUCT : OTHER) : cart(request))];

test('while the store of carts is away the page keeps the cart, and says so at once', async () => {
  answers = [good(CART)];
  await basket.load();
  answers = shop(() => AWAY);
  asked = [];
  await basket.set(OTHER, 3);
  assert.equal(asked.length, 1, 'a store that is away is not asked again and again');
  assert.ok(basket.away());
  await basket.load();
  assert.deepEqual(basket.contents().items.map(({ product, quantity }) => [product.id, quantity]), [[1, 2], [2, 3]]);
  assert.equal(basket.contents().amount, 37500);
});

test('when it is back it is told what has changed, and no more', async () => {
  let held = CART;
  asked = [];
  answers = shop(({ method, body }) => good(method === 'PUT' ? (held = basket.changed(held, OTHER, JSON.parse(body).quantity)) : held));
  await basket.load();
  assert.ok(!basket.away());
  assert.deepEqual(asked.filter(({ method }) => method !== 'GET').map(({ method, path }) => [method, path]), [['PUT', '/api/cart/items/2']]);
  assert.deepEqual(basket.contents().items, held.items);
});

test('what was bought while it was away leaves the cart when it is back', async () => {
  answers = shop(() => AWAY);
  await basket.load();
  await basket.bought([1]);
  assert.deepEqual(basket.contents().items.map(({ product }) => product.id), [2]);
  answers = shop(() => good({ items: [], quantity: 0, amount: 0 }));
  await basket.load();
  assert.deepEqual(asked.filter(({ method }) => method !== 'GET').map(({ method, path }) => [method, path]), [['DELETE', '/api/cart/items/1']]);
});

test('no more than there is, nor than the shop takes', () => {
  assert.equal(basket.most({ stock: 5 }), 5);
  assert.equal(basket.most({ stock: 500 }), 99);
});

test('the language remembered, else the first of the browser that there is, else English', () => {
  assert.equal(language.preferred('en', ['ko-KR']), 'en');
  assert.equal(language.preferred(null, ['fr-FR', 'ko-KR', 'en-US']), 'ko');
  assert.equal(language.preferred(null, ['en-GB', 'ko']), 'en');
  assert.equal(language.preferred('xx', ['fr']), 'en');
});

test('every text is there in both languages, of one kind, and in its own script', () => {
  assert.deepEqual(Object.keys(texts.ko), Object.keys(texts.en));
  for (const key of Object.keys(texts.ko)) {
    const [ko, en] = [texts.ko[key], texts.en[key]];
    assert.equal(typeof ko, typeof en, key);
    if (typeof ko === 'function') assert.equal(ko.length, en.length, key);
    const said = (text, n) => (typeof text === 'function' ? text('7', n) : text);
    for (const n of [0, 3]) {
      assert.doesNotMatch(said(en, n), /[ㄱ-힝]|undefined/, key);
      if (typeof ko === 'function') assert.ok(said(ko, n).includes('7') && said(en, n).includes('7'), key);
    }
    assert.match(said(ko, 3), /[ㄱ-힝]/, key);
  }
});
