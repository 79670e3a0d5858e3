// The shelves: list with search, categories and more; one product.

import * as api from './api.js';
import { picture } from './art.js';
import * as basket from './basket.js';
import { h, icon, LEFT, MINUS, PLUS } from './dom.js';
import { number, own, t, won } from './language.js';
import { announce, bone, cards, message, toast, waiting } from './states.js';

const PAGE = 12;
const FEW = 10;
const SORTS = ['newest', 'price_asc', 'price_desc'];

let shelves = null; // categories change with a release, not while somebody looks

export async function add(product, quantity) {
  const before = basket.quantityOf(product.id);
  const possible = Math.min(before + quantity, basket.most(product));
  if (possible <= before) return toast(t('onlyLeft', own(product.name), basket.most(product)), { href: '/cart', text: t('toCart') });
  try {
    await basket.set(product, possible);
    toast(t('added', own(product.name)), { href: '/cart', text: t('toCart') });
  } catch (error) {
    toast(t(error.kind === 'cart-full' ? 'cartFull' : error.temporary ? 'cartDownLead' : 'failed'));
  }
}

function stock(product) {
  if (product.stock < 1) return h('p', { class: 'stock out' }, t('soldOut'));
  return h('p', { class: product.stock <= FEW ? 'stock few' : 'stock' }, product.stock <= FEW ? t('left', number(product.stock)) : t('inStock'));
}

// `level`: of its heading, below the one that stands over the cards.
function card(product, level) {
  const name = own(product.name);
  const sold = product.stock < 1;
  return h(
    'li',
    { class: sold ? 'card sold' : 'card', 'data-product': product.id },
    picture(product),
    h(level, { class: 'name' }, h('a', { href: `/products/${product.id}` }, name)),
    h('p', { class: 'price' }, won(product.price)),
    stock(product),
    !sold && h('button', { class: 'quick', type: 'button', 'aria-label': `${t('add')}: ${name}`, onclick: () => add(product, 1) }, icon(PLUS, 22)),
  );
}

function chip(href, words, current) {
  return h('li', {}, h('a', { class: 'chip', href, 'aria-current': current ? 'true' : null }, words));
}

function chips(wanted) {
  return h(
    'nav',
    { 'aria-label': t('categories') },
    h(
      'ul',
      { class: 'chips' },
      chip('/', t('all'), !wanted.category && !wanted.q),
      ...shelves.map((each) => chip(`/?category=${each.id}`, `${each.emoji} ${own(each.name)}`, wanted.category === each.id)),
    ),
  );
}

function hero(page) {
  const shown = page.items.filter((each) => each.stock > 0).slice(0, 5);
  return h(
    'section',
    { class: 'hero' },
    h('div', {}, h('h1', { tabindex: '-1' }, t('heroTitle')), h('p', {}, t('heroLead'))),
    h('div', { class: 'stand', 'aria-hidden': 'true' }, ...shown.map((each) => picture(each))),
  );
}

function heading(wanted) {
  const shelf = shelves.find((each) => each.id === wanted.category);
  return wanted.q ? t('resultsFor', wanted.q) : shelf ? own(shelf.name) : t('all');
}

const plain = (wanted) => !wanted.q && !wanted.category;

function sorting(wanted, go) {
  const change = (event) => go(`/${api.query({ ...wanted, sort: event.target.value === SORTS[0] ? '' : event.target.value })}`, { keep: true });
  return h(
    'label',
    { class: 'sorting' },
    h('span', { class: 'hidden' }, t('sort')),
    h(
      'select',
      { id: 'sort', onchange: change },
      ...SORTS.map((each) => h('option', { value: each, selected: each === (wanted.sort || SORTS[0]) }, t(`sort_${each}`))),
    ),
  );
}

export const list = {
  // An address may be anybody's: an order that the page does not offer is none.
  wanted(url) {
    const [q, category, sort] = ['q', 'category', 'sort'].map((key) => (url.searchParams.get(key) ?? '').trim());
    return { q, category, sort: SORTS.includes(sort) ? sort : '' };
  },

  title: ({ wanted }) => (plain(wanted) ? '' : heading(wanted)),

  async load({ wanted, signal }) {
    const found = api.products({ ...wanted, limit: PAGE }, signal).catch((error) => {
      if (error.kind !== 'invalid') throw error;
      return { items: [], total: 0, total_exact: true, next: null }; // too long, say: nothing is called that
    });
    const [page, all] = await Promise.all([found, shelves ?? api.categories(signal)]);
    shelves = all.items ?? all;
    return { wanted, page };
  },

  skeleton: ({ wanted }) => waiting(plain(wanted) && bone('hero'), bone('chips'), bone('line title'), h('ul', { class: 'cards' }, ...cards(8))),

  render({ wanted, page }, { go }) {
    const found = page.total_exact ? t('found', number(page.total)) : t('foundMany', number(page.total));
    if (wanted.q) announce(`${heading(wanted)}: ${found}`);
    const level = plain(wanted) ? 'h2' : 'h1';
    const below = plain(wanted) ? 'h3' : 'h2';
    const grid = h('ul', { class: 'cards' }, ...page.items.map((each) => card(each, below)));
    return [
      plain(wanted) && page.items.length > 0 && hero(page),
      chips(wanted),
      h(
        'div',
        { class: 'heading' },
        h('div', {}, h(level, { tabindex: level === 'h1' ? '-1' : null }, heading(wanted)), h('p', { class: 'soft' }, found)),
        page.items.length > 1 && sorting(wanted, go),
      ),
      page.items.length ? grid : nothing(),
      page.next && more(wanted, page, (each) => grid.appendChild(card(each, below))),
    ];
  },
};

function nothing() {
  const none = message({ sign: '🔎', title: '', lead: t('nothingLead'), action: h('a', { class: 'button', href: '/' }, t('showAll')) });
  none.querySelector('h1').replaceWith(h('h2', {}, t('nothingTitle')));
  return none;
}

// The next page goes to the end of this one, so that "back" and a change of language find all of it again.
function more(wanted, page, append) {
  const shown = h('p', { class: 'soft' }, t('shown', number(page.items.length), number(page.total)));
  const button = h('button', { class: 'button quiet', type: 'button', id: 'more', onclick: next }, t('more'));
  const area = h('div', { class: 'more' }, shown, button);
  async function next() {
    if (button.ariaBusy === 'true') return;
    button.ariaBusy = 'true';
    try {
      const following = await api.products({ ...wanted, limit: PAGE, cursor: page.next });
      const [first] = following.items.map(append);
      page.items.push(...following.items);
      page.next = following.next;
      shown.textContent = t('shown', number(page.items.length), number(page.total));
      announce(shown.textContent);
      first?.querySelector('a').focus({ preventScroll: true });
      if (!page.next) area.remove();
    } catch {
      toast(t('failed'));
    }
    button.ariaBusy = null;
  }
  return area;
}

// A number between two buttons. `chosen` is called with every new one.
export function stepper({ id, label, value, least = 1, most, chosen }) {
  const input = h('input', { id, type: 'number', inputmode: 'numeric', min: least, max: most, value, 'aria-label': label });
  const fewer = h('button', { id: `${id}-fewer`, type: 'button', 'aria-label': `${label}: ${t('fewer')}` }, icon(MINUS));
  const oneMore = h('button', { id: `${id}-more`, type: 'button', 'aria-label': `${label}: ${t('oneMore')}` }, icon(PLUS));
  const set = (wanted) => {
    const within = Math.max(least, Math.min(most, Math.trunc(wanted) || least));
    const changed = within !== value;
    value = within;
    input.value = within;
    fewer.ariaDisabled = String(within <= least);
    oneMore.ariaDisabled = String(within >= most);
    if (changed) chosen(within);
  };
  input.addEventListener('change', () => set(Number(input.value)));
  fewer.addEventListener('click', () => set(value - 1));
  oneMore.addEventListener('click', () => set(value + 1));
  set(value);
  return h('div', { class: 'stepper' }, fewer, input, oneMore);
}

export const detail = {
  title: ({ product }) => own(product.name),

  async load({ match, signal }) {
    const [product, all] = await Promise.all([api.product(match[1], signal), shelves ?? api.categories(signal)]);
    shelves = all.items ?? all;
    return { product, quantity: 1, like: null };
  },

  skeleton: () => waiting(bone('line short'), h('div', { class: 'detail' }, bone('picture'), h('div', {}, bone('line title'), bone('line'), bone('line'), bone('line short')))),

  render(content) {
    const { product } = content;
    const shelf = shelves.find((each) => each.id === product.category);
    const sold = product.stock < 1;
    const others = h('section', { class: 'others' });
    alike(content, shelf).then((found) => found && others.replaceChildren(...found));
    return [
      h('a', { class: 'back', href: '/' }, icon(LEFT), t('back')),
      h(
        'article',
        { class: 'detail' },
        picture(product, 'large'),
        h(
          'div',
          { class: 'facts' },
          shelf && h('p', {}, h('a', { class: 'chip small', href: `/?category=${shelf.id}` }, `${shelf.emoji} ${own(shelf.name)}`)),
          h('h1', { tabindex: '-1' }, own(product.name)),
          h('p', { class: 'price' }, won(product.price)),
          stock(product),
          h('p', { class: 'description' }, own(product.description)),
          sold ? h('button', { class: 'button wide', type: 'button', disabled: true }, t('soldOut')) : buying(content),
          h('ul', { class: 'promises' }, ...['promiseShipping', 'promiseOnce', 'promiseStock'].map((key) => h('li', {}, t(key)))),
        ),
      ),
      others,
    ];
  },
};

function buying(content) {
  const { product } = content;
  const chosen = (quantity) => Object.assign(content, { quantity });
  const button = h('button', { class: 'button', type: 'button', id: 'add', onclick: put }, t('add'));
  async function put() {
    if (button.ariaBusy === 'true') return;
    button.ariaBusy = 'true';
    await add(product, content.quantity);
    button.ariaBusy = null;
  }
  return h('div', { class: 'buying' }, stepper({ id: 'quantity', label: t('quantity'), value: content.quantity, most: Math.max(1, basket.most(product)), chosen }), button);
}

// More of the shelf, below everything, when it has come; the page does not wait for it.
async function alike(content, shelf) {
  if (!shelf) return null;
  try {
    content.like ??= (await api.products({ category: shelf.id, limit: 5 })).items.filter((each) => each.id !== content.product.id).slice(0, 4);
  } catch {
    return null;
  }
  return content.like.length && [h('h2', {}, t('moreOf', own(shelf.name))), h('ul', { class: 'cards' }, ...content.like.map((each) => card(each, 'h3')))];
}

