// What outlives a reload; where the browser refuses storage, it lasts as long as the page.

const memory = new Map();
const refused = { getItem: (key) => memory.get(key) ?? null, setItem: (key, value) => memory.set(key, value), removeItem: (key) => memory.delete(key) };

export function storage() {
  try {
    localStorage.getItem('');
    return localStorage;
  } catch {
    return refused;
  }
}
