// Which language the page speaks, and how it writes won and times. The texts are in texts.js.

import { texts } from './texts.js';

const LOCALES = { ko: 'ko-KR', en: 'en-US' };
const KEY = 'language';
let current = 'ko';

export const language = () => current;

export function t(key, ...values) {
  const text = texts[current][key];
  return typeof text === 'function' ? text(...values) : text;
}

export const own = (both) => both[current] ?? both.ko ?? both.en;
export const number = (value) => new Intl.NumberFormat(LOCALES[current]).format(value);
export const won = (value) =>
  new Intl.NumberFormat(LOCALES[current], { style: 'currency', currency: 'KRW' }).format(value);
export const time = (iso) =>
  new Intl.DateTimeFormat(LOCALES[current], { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(iso));

// The one remembered, else the first of the browser's that the shop speaks.
export function preferred(remembered, wanted) {
  return [remembered, ...wanted].map((one) => one?.slice(0, 2).toLowerCase()).find((one) => one in texts) ?? 'en';
}

export function recall() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null; // storage refused
  }
}

export function speak(chosen) {
  current = chosen;
  document.documentElement.lang = chosen;
  for (const element of document.querySelectorAll('[data-text]')) element.textContent = t(element.dataset.text);
  for (const element of document.querySelectorAll('[data-label]')) element.ariaLabel = t(element.dataset.label);
  for (const element of document.querySelectorAll('[data-placeholder]')) {
    element.placeholder = t(element.dataset.placeholder);
  }
  for (const button of document.querySelectorAll('[data-language]')) {
    button.ariaPressed = String(button.dataset.language === chosen);
  }
}

export function remember(chosen) {
  try {
    localStorage.setItem(KEY, chosen);
  } catch {
    // storage refused: the choice lasts as long as the page
  }
}
