// A product's picture: its own, or its emoji on its colour.

import { h } from './dom.js';

const COLOUR = /^#[0-9a-f]{6}$/i;

export function picture(product, kind = '') {
  const colour = COLOUR.test(product.colour ?? '') ? product.colour : '#d9f1ec';
  const drawn = h('span', { class: 'emoji' }, product.emoji ?? '🛍️');
  const frame = h('div', { class: `picture ${kind}`, vars: { '--tint': colour }, 'aria-hidden': 'true' }, drawn);
  if (product.image) {
    const image = h('img', { src: product.image, alt: '', loading: 'lazy', decoding: 'async', onerror: () => image.replaceWith(drawn) });
    drawn.replaceWith(image);
  }
  return frame;
}
