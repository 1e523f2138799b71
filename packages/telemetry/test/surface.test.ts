import { expect, it } from 'vitest';
import * as telemetry from '../src/index.ts';
import * as otlp from '../src/otlp/index.ts';

it('exports these names and no others', () => {
  expect(Object.keys(telemetry).sort()).toEqual([
    'NO_LOG',
    'NO_TRACER',
    'createMeters',
    'decisionAttributes',
    'readTraceContext',
    'traceIdOf',
  ]);
  expect(Object.keys(otlp)).toEqual(['openOtlp', 'openOtlpLog']);
});
