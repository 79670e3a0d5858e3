// What a page shows when it has nothing to show yet, nothing at all, or nobody to ask; and what is said in passing.

import { at, h } from './dom.js';
import { t } from './language.js';

const TOAST_MS = 6000;
let fading;

// Shown for a while and read out, with a link if there is something to do about it.
export function toast(text, link) {
  clearTimeout(fading);
  at('toast').replaceChildren(h('span', {}, text), ...(link ? [h('a', { href: link.href }, link.text)] : []));
  fading = setTimeout(clear, TOAST_MS);
  function clear() {
    if (at('toast').matches(':hover, :focus-within')) fading = setTimeout(clear, TOAST_MS);
    else at('toast').replaceChildren();
  }
}

// Read out only.
export function announce(text) {
  at('announce').textContent = text;
}

export const bone = (kind) => h('div', { class: `bone ${kind}`, 'aria-hidden': 'true' });

export function cards(count) {
  return Array.from({ length: count }, () => h('li', { class: 'card' }, bone('picture'), bone('line'), bone('line short')));
}

export function waiting(...children) {
  return h('div', { 'aria-busy': 'true' }, h('p', { class: 'hidden' }, t('loading')), ...children);
}

export function message({ sign, title, lead, action }) {
  return h(
    'section',
    { class: 'message' },
    h('p', { class: 'sign', 'aria-hidden': 'true' }, sign),
    h('h1', { tabindex: '-1' }, title),
    h('p', {}, lead),
    action,
  );
}

export const missing = () =>
  message({ sign: '🧭', title: t('missingTitle'), lead: t('missingLead'), action: h('a', { class: 'button', href: '/' }, t('showAll')) });

export const down = (again) =>
  message({
    sign: '🌧️',
    title: t('downTitle'),
    lead: t('downLead'),
    action: h('button', { class: 'button', type: 'button', id: 'again', onclick: again }, t('again')),
  });
