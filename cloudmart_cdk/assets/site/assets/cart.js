// The cart's page: lines, sum, and the one button that buys.

import { picture } from './art.js';
import * as basket from './basket.js';
import { stepper } from './catalogue.js';
import { h, icon, LEFT } from './dom.js';
import { number, own, t, won } from './language.js';
import * as purchase from './purchase.js';
import { bone, message, toast, waiting } from './states.js';

let problem = null; // why the last purchase did not happen, until the cart is left
let busy = false; // a purchase is on its way
let slow = false;

export const cart = {
  title: () => t('cart'),

  // A purchase without its answer can be finished while the cart is away.
  async load({ signal }) {
    problem = null;
    return basket.load(signal).catch((error) => {
      if (signal.aborted || !purchase.pending()) throw error;
    });
  },

  skeleton: () => waiting(bone('line title'), h('div', { class: 'checkout' }, h('div', {}, bone('block'), bone('block')), bone('block tall'))),

  // `again` draws this page anew, `go` leaves it.
  render(_, { again, go }) {
    const contents = basket.contents();
    const notice = notices(contents, { again, go });
    if (!contents?.items.length) return [notice, basket.away() ? away() : empty()];
    return [
      h('a', { class: 'back', href: '/' }, icon(LEFT), t('back')),
      h('div', { class: 'heading' }, h('h1', { tabindex: '-1' }, t('cart'), ' ', h('span', { class: 'soft many' }, t('itemsCount', number(contents.quantity))))),
      notice,
      basket.away() && h('section', { class: 'notice', id: 'away', role: 'status' }, h('h2', {}, t('awayTitle')), h('p', {}, t('awayKept'))),
      h(
        'div',
        { class: 'checkout' },
        h('ul', { class: 'lines', inert: Boolean(busy) }, ...contents.items.map(line)),
        summary(contents, { again, go }),
      ),
    ];
  },

  watch: basket.watch,
};

// Not "empty": nobody knows. The basket looks by itself whether it is back.
function away() {
  return message({
    sign: '🛒',
    title: t('awayTitle'),
    lead: t('awayLead'),
    action: h('a', { class: 'button', href: '/' }, t('goShopping')),
  });
}

function empty() {
  return message({
    sign: '🛒',
    title: t('emptyCartTitle'),
    lead: t('emptyCartLead'),
    action: h('a', { class: 'button', href: '/' }, t('goShopping')),
  });
}

async function change(product, quantity) {
  const name = own(product.name);
  try {
    await basket.set(product, quantity);
    toast(quantity ? t('updated', name, number(quantity)) : t('removed', name));
  } catch (error) {
    toast(t(error.temporary ? 'cartDownLead' : 'failed'));
  }
}

function line({ product, quantity, amount }) {
  const name = own(product.name);
  const most = Math.max(basket.most(product), quantity);
  return h(
    'li',
    { class: 'line-item', 'data-product': product.id },
    picture(product, 'small'),
    h(
      'div',
      {},
      h('h2', {}, h('a', { href: `/products/${product.id}` }, name)),
      h('p', { class: 'soft' }, t('each', won(product.price))),
      quantity > product.stock && h('p', { class: 'stock few' }, t('onlyLeft', name, product.stock)),
    ),
    stepper({ id: `quantity-${product.id}`, label: t('quantityOf', name), value: quantity, most, chosen: (wanted) => change(product, wanted) }),
    h('p', { class: 'price' }, won(amount)),
    h('button', { class: 'link', type: 'button', id: `remove-${product.id}`, 'aria-label': t('removeOf', name), onclick: () => change(product, 0) }, t('remove')),
  );
}

function summary(contents, page) {
  const row = (label, value) => h('div', {}, h('dt', {}, label), h('dd', {}, value));
  const words = busy ? t('ordering') : purchase.pending() ? t('finish') : t('order', won(contents.amount));
  return h(
    'section',
    { class: 'panel summary', 'aria-labelledby': 'total-title' },
    h('h2', { id: 'total-title' }, t('summary')),
    h('dl', {}, row(t('subtotal'), won(contents.amount)), row(t('shipping'), t('free')), row(t('total'), won(contents.amount))),
    h(
      'button',
      { class: 'button wide', type: 'button', id: 'order', 'aria-busy': busy && 'true', onclick: () => order(page) },
      words,
    ),
    h('p', { class: 'soft', role: 'status' }, busy && slow ? t('orderingSlow') : t('promiseOnce')),
  );
}

// One click, one purchase: while it is on its way the button does nothing more.
async function order({ again, go }) {
  if (busy) return;
  busy = true;
  slow = false;
  problem = null;
  again();
  try {
    await basket.settled();
    const begun = purchase.begin(basket.contents());
    const done = await purchase.send(begun, {
      onRetry: () => {
        slow = true;
        again();
      },
    });
    busy = false;
    go(`/orders/${done.id}`, { order: done, fresh: true });
    basket.bought(begun.body.items.map(({ product }) => product));
  } catch (error) {
    busy = false;
    problem = error;
    if (error.final) await basket.load().catch(() => {});
    again();
    const notice = document.querySelector('#notice');
    if (notice) notice.focus();
    else toast(t(error.final ? 'refusedTitle' : 'unknownTitle'), { href: '/cart', text: t('toCart') }); // gone elsewhere meanwhile
  }
}

function notices(contents, page) {
  const waits = purchase.pending() && !(busy && contents?.items.length);
  const said = problem?.final ? explanation(problem, contents) : waits ? unanswered(page) : null;
  return said && h('section', { class: problem?.final ? 'notice alert' : 'notice', id: 'notice', tabindex: '-1', role: 'alert' }, ...said);
}

function unanswered({ again, go }) {
  const begun = purchase.pending();
  const give = () => {
    purchase.forget();
    problem = null;
    go('/orders');
  };
  return [
    h('h2', {}, t('unknownTitle')),
    h('p', {}, t('unknownLead', won(begun.body.amount))),
    h(
      'p',
      { class: 'actions' },
      h('button', { class: 'button', type: 'button', id: 'finish', 'aria-busy': busy && 'true', onclick: () => order({ again, go }) }, t('finish')),
      h('button', { class: 'link', type: 'button', id: 'drop', onclick: give }, t('drop')),
    ),
  ];
}

function explanation({ kind, more }, contents) {
  const lines = contents?.items ?? [];
  const of = (id) => lines.find((item) => item.product.id === id)?.product;
  const short = (more.items ?? []).map(({ product, available = 0 }) => ({ product: of(product), available })).filter((each) => each.product);
  if (kind === 'out-of-stock' || kind === 'product-gone') {
    const fix = async () => {
      problem = null;
      for (const { product, available } of short) await change(product, available);
    };
    return [
      h('h2', {}, t('shortTitle')),
      h('ul', {}, ...short.map(({ product, available }) => h('li', {}, t('shortLine', own(product.name), available)))),
      h('p', {}, t('shortLead')),
      short.length > 0 && h('button', { class: 'button quiet', type: 'button', id: 'fix', onclick: fix }, t('fixCart')),
    ].filter(Boolean);
  }
  if (kind === 'price-changed') return [h('h2', {}, t('priceTitle')), h('p', {}, t('priceLead', won(more.amount)))];
  return [h('h2', {}, t('refusedTitle')), h('p', {}, t('refusedLead'))];
}
