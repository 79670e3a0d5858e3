// Elements from data: text is text, never markup, so nothing that a shop sells can become code.

export const at = (id) => document.getElementById(id);

export function h(tag, props, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (typeof value === 'function') element.addEventListener(name.slice(2), value); // onclick: ...
    else if (name === 'vars') for (const [key, each] of Object.entries(value)) element.style.setProperty(key, each);
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

const SVG = 'http://www.w3.org/2000/svg';

export function icon(path, size = 20) {
  const svg = document.createElementNS(SVG, 'svg');
  for (const [name, value] of Object.entries({ viewBox: '0 0 24 24', width: size, height: size, 'aria-hidden': 'true' })) {
    svg.setAttribute(name, value);
  }
  const line = document.createElementNS(SVG, 'path');
  line.setAttribute('d', path);
  svg.append(line);
  return svg;
}

export const PLUS = 'M12 5v14M5 12h14';
export const MINUS = 'M5 12h14';
export const LEFT = 'm14 6-6 6 6 6';
export const CHECK = 'm5 12.5 4.5 4.5L19 7.5';

// Draws anew and keeps the focus where it was, if what had it is still there; elements to keep have an id.
export function redraw(parent, ...children) {
  const focused = parent.contains(document.activeElement) ? document.activeElement.id : '';
  parent.replaceChildren(...children);
  if (focused) (at(focused) ?? parent.querySelector('h1'))?.focus({ preventScroll: true });
}
