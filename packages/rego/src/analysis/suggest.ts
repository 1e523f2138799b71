/** Longer names are not compared: nobody mistypes them beyond recognition, and comparing takes their square. */
const LENGTH_MAX = 60;

/** The name that was probably meant: the nearest one, where it is near enough to be no coincidence. */
export function nearestName(given: string, names: Iterable<string>): string | undefined {
  if (given.length > LENGTH_MAX) return undefined;
  let best: string | undefined;
  let least = Math.min(3, Math.floor(given.length / 3)) + 1;
  for (const name of names) {
    if (name === given || Math.abs(name.length - given.length) >= least) continue;
    const steps = distance(plain(given), plain(name));
    if (steps < least) {
      best = name;
      least = steps;
    }
  }
  return best;
}

/** Case and underscores are what names are mistyped in most: `starts_with`, `startsWith`. */
function plain(name: string): string {
  return name.toLowerCase().replaceAll('_', '');
}

/** Letters to put in, take out, replace or swap with their neighbour. */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let steps = Math.min(row[j - 1]! + 1, last[j]! + 1, last[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        steps = Math.min(steps, before[j - 2]! + 1);
      }
      row.push(steps);
    }
    before = last;
    last = row;
  }
  return last[b.length]!;
}
