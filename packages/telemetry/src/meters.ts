/** Values by which one meter is told apart; few and short ones. */
export type Labels = Readonly<Record<string, string>>;

export interface Counter {
  add(labels: Labels, count?: number): void;
}

export interface Histogram {
  observe(labels: Labels, value: number): void;
}

/** Meters of one process, as Prometheus reads them. */
export interface Meters {
  counter(name: string, help: string): Counter;
  /** `bounds` ascend. */
  histogram(name: string, help: string, bounds: readonly number[]): Histogram;
  /** Read when somebody looks. */
  gauge(name: string, help: string, read: () => number): void;
  /** Text exposition format 0.0.4. */
  text(): string;
}

/** Label values can come from policies and servers: beyond this many combinations the rest count as `other`. */
const COMBINATIONS_MAX = 200;

export function createMeters(): Meters {
  const families: (() => string)[] = [];
  return {
    counter(name, help) {
      const counts = new Map<string, number>();
      families.push(() =>
        family(
          name,
          'counter',
          help,
          [...counts].map(([key, count]) => `${name}${key} ${count}`),
        ),
      );
      return {
        add(labels, count = 1) {
          const key = keyOf(labels, counts);
          counts.set(key, (counts.get(key) ?? 0) + count);
        },
      };
    },
    histogram(name, help, bounds) {
      const kept = new Map<string, Kept>();
      families.push(() =>
        family(
          name,
          'histogram',
          help,
          [...kept.values()].flatMap((each) => histogramLines(name, bounds, each)),
        ),
      );
      return {
        observe(labels, value) {
          const key = keyOf(labels, kept);
          let found = kept.get(key);
          if (found === undefined) {
            const shown = kept.size >= COMBINATIONS_MAX ? othersOf(labels) : labels;
            found = { labels: shown, counts: Array.from({ length: bounds.length + 1 }, () => 0), sum: 0 };
            kept.set(key, found);
          }
          const place = bounds.findIndex((bound) => value <= bound);
          const index = place === -1 ? bounds.length : place;
          found.counts[index] = (found.counts[index] ?? 0) + 1;
          found.sum += value;
        },
      };
    },
    gauge(name, help, read) {
      families.push(() => family(name, 'gauge', help, [`${name} ${read()}`]));
    },
    text: () => families.map((each) => each()).join(''),
  };
}

interface Kept {
  readonly labels: Labels;
  readonly counts: number[];
  sum: number;
}

function keyOf(labels: Labels, known: ReadonlyMap<string, unknown>): string {
  const key = labelled(labels);
  return known.has(key) || known.size < COMBINATIONS_MAX ? key : labelled(othersOf(labels));
}

function othersOf(labels: Labels): Labels {
  return Object.fromEntries(Object.keys(labels).map((name) => [name, 'other']));
}

function histogramLines(name: string, bounds: readonly number[], { labels, counts, sum }: Kept): string[] {
  let total = 0;
  const buckets = counts.map((count, index) => {
    total += count;
    return `${name}_bucket${labelled({ ...labels, le: bounds[index]?.toString() ?? '+Inf' })} ${total}`;
  });
  return [...buckets, `${name}_sum${labelled(labels)} ${sum}`, `${name}_count${labelled(labels)} ${total}`];
}

function family(name: string, kind: string, help: string, lines: readonly string[]): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${kind}\n${lines.map((line) => `${line}\n`).join('')}`;
}

function labelled(labels: Labels): string {
  const written = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return written.length === 0 ? '' : `{${written.join(',')}}`;
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
