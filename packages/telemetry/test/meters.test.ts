import { expect, it } from 'vitest';
import { createMeters, NO_TRACER } from '../src/index.ts';

it('writes counters, gauges and histograms as Prometheus reads them', () => {
  const meters = createMeters();
  meters.counter('calls_total', 'Calls.').add({ reason: 'say "no"\\\n' }, 2);
  meters.gauge('open', 'Open.', () => 3);
  const seconds = meters.histogram('seconds', 'Seconds.', [0.1, 1]);
  for (const value of [0.1, 0.5, 7]) seconds.observe({ server: 'a' }, value);
  expect(meters.text()).toBe(
    [
      '# HELP calls_total Calls.',
      '# TYPE calls_total counter',
      'calls_total{reason="say \\"no\\"\\\\\\n"} 2',
      '# HELP open Open.',
      '# TYPE open gauge',
      'open 3',
      '# HELP seconds Seconds.',
      '# TYPE seconds histogram',
      'seconds_bucket{server="a",le="0.1"} 1',
      'seconds_bucket{server="a",le="1"} 2',
      'seconds_bucket{server="a",le="+Inf"} 3',
      'seconds_sum{server="a"} 7.6',
      'seconds_count{server="a"} 3',
      '',
    ].join('\n'),
  );
});

it('keeps a bounded number of combinations, whatever is counted', () => {
  const meters = createMeters();
  const counter = meters.counter('c', 'C.');
  const histogram = meters.histogram('h', 'H.', [1]);
  for (let index = 0; index < 1_000; index++) {
    counter.add({ reason: `r${index}` });
    histogram.observe({ server: `s${index}` }, 0);
  }
  const lines = meters.text().split('\n');
  expect(lines.filter((line) => line.startsWith('c{'))).toHaveLength(201);
  expect(lines).toContain('c{reason="other"} 800');
  expect(lines).toContain('h_count{server="other"} 800');
});

it('without a tracer the work is done, and what it throws goes on', async () => {
  expect(await NO_TRACER.span('a', {}, async () => 1)).toBe(1);
  await expect(NO_TRACER.span('a', {}, () => Promise.reject(new Error('x')))).rejects.toThrow('x');
  expect(NO_TRACER.current()).toBeUndefined();
});
