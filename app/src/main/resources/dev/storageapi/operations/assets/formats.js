/** How values read: narrow spaces group digits and part the unit from its number. */

export const trim = (number) => String(Number(number.toPrecision(2)));
export const count = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, '\u202f');
export const rate = (n) => (n === 0 ? '0' : n < 9.95 ? n.toFixed(1) : count(Math.round(n))) + '/s';
export const share = (x) => (x > 0 && x < 0.001 ? '<\u202f0.1' : (x * 100).toFixed(x > 0 && x < 0.0995 ? 1 : 0)) + '\u202f%';
const three = (x) => x.toFixed(x < 9.995 ? 2 : x < 99.95 ? 1 : 0);
export const duration = (s, digits = three) =>
  s === 0 ? '0' : s < 0.0001 ? digits(s * 1e6) + '\u202fµs' : s < 1 ? digits(s * 1e3) + '\u202fms' : digits(s) + '\u202fs';

export function bytes(n) {
  const power = Math.min(Math.floor(Math.log2(Math.max(n, 1)) / 10), 4);
  const scaled = n / 1024 ** power;
  return (scaled < 9.95 ? trim(scaled) : Math.round(scaled)) + '\u202f' + ['B', 'KiB', 'MiB', 'GiB', 'TiB'][power];
}

export function span(s) {
  const [d, h, m] = [Math.floor(s / 86400), Math.floor(s / 3600) % 24, Math.floor(s / 60) % 60];
  return d ? `${d} d ${h} h` : h ? `${h} h ${m} min` : m ? `${m} min ${Math.floor(s % 60)} s` : `${Math.floor(s)} s`;
}
