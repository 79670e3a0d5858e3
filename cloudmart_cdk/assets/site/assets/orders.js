// What was bought: one order, right after it or later, and all of them.

import * as api from './api.js';
import { picture } from './art.js';
import { CHECK, h, icon, LEFT } from './dom.js';
import { number, own, t, time, won } from './language.js';
import { announce, bone, message, toast, waiting } from './states.js';

const skeleton = () => waiting(bone('line title'), bone('block tall'));

export const order = {
  title: ({ fresh }) => t(fresh ? 'thanks' : 'orderTitle'),

  load: async ({ match, signal, state }) => ({
    order: state?.order?.id === match[1] ? state.order : await api.order(match[1], signal),
    fresh: Boolean(state?.fresh),
  }),

  skeleton,

  render({ order, fresh }) {
    const row = (label, value) => h('div', {}, h('dt', {}, label), h('dd', {}, value));
    return [
      !fresh && h('a', { class: 'back', href: '/orders' }, icon(LEFT), t('ordersTitle')),
      h(
        'article',
        { class: 'panel receipt' },
        fresh && h('p', { class: 'done', 'aria-hidden': 'true' }, icon(CHECK, 34)),
        h('h1', { tabindex: '-1' }, t(fresh ? 'thanks' : 'orderTitle')),
        fresh && h('p', { class: 'soft' }, t('thanksLead')),
        h('dl', {}, row(t('orderNumber'), h('code', { id: 'order-id' }, order.id)), row(t('orderedAt'), time(order.created_at))),
        h(
          'ul',
          { class: 'lines' },
          ...order.items.map((item) =>
            h(
              'li',
              { class: 'bought' },
              picture(item, 'small'),
              h('div', {}, h('h2', {}, own(item.name)), h('p', { class: 'soft' }, `${won(item.price)} × ${number(item.quantity)}`)),
              h('p', { class: 'price' }, won(item.amount)),
            ),
          ),
        ),
        h('dl', { class: 'sum' }, row(t('total'), won(order.amount))),
        h(
          'p',
          { class: 'actions' },
          fresh && h('a', { class: 'button quiet', href: '/orders' }, t('ordersTitle')),
          h('a', { class: 'button', href: '/' }, t(fresh ? 'keepShopping' : 'goShopping')),
        ),
      ),
    ];
  },
};

function entry(each) {
  const [first, ...rest] = each.items;
  return h(
    'li',
    { class: 'panel entry', 'data-order': each.id },
    picture(first, 'small'),
    h(
      'div',
      {},
      h('h2', {}, h('a', { href: `/orders/${each.id}` }, t('andMore', own(first.name), rest.length))),
      h('p', { class: 'soft' }, time(each.created_at)),
    ),
    h('p', { class: 'price' }, won(each.amount)),
  );
}

export const orders = {
  title: () => t('ordersTitle'),

  load: async ({ signal }) => api.orders({}, signal),

  skeleton: () => h('div', { class: 'orders' }, skeleton()),

  render(page) {
    if (!page.items.length) {
      const action = h('a', { class: 'button', href: '/' }, t('goShopping'));
      return [message({ sign: '📦', title: t('noOrdersTitle'), lead: t('noOrdersLead'), action })];
    }
    const entries = h('ul', { class: 'entries' }, ...page.items.map(entry));
    const button = h('button', { class: 'button quiet', type: 'button', id: 'more', onclick: next }, t('more'));
    async function next() {
      if (button.ariaBusy === 'true') return;
      button.ariaBusy = 'true';
      try {
        const following = await api.orders({ cursor: page.next });
        const fresh = following.items.map(entry);
        entries.append(...fresh);
        page.items.push(...following.items);
        page.next = following.next;
        announce(t('itemsCount', number(page.items.length)));
        fresh[0]?.querySelector('a').focus({ preventScroll: true });
        if (!page.next) button.remove();
      } catch {
        toast(t('failed'));
      }
      button.ariaBusy = null;
    }
    return h(
      'section',
      { class: 'orders' },
      h('div', { class: 'heading' }, h('h1', { tabindex: '-1' }, t('ordersTitle'))),
      entries,
      page.next && h('div', { class: 'more' }, button),
    );
  },
};
