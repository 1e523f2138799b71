import { expect, it } from 'vitest';
import * as outbound from '../src/index.ts';

it('exports these names and no others', () => {
  expect(Object.keys(outbound).sort()).toEqual([
    'OUTBOUND_ERROR_CODES',
    'OutboundError',
    'addressKind',
    'createOutbound',
  ]);
});

it('tells strangers neither host nor address', () => {
  const error = new outbound.OutboundError('outbound_address_refused', '`10.1.2.3` is a private address');
  expect(error.publicMessage).not.toContain('10.1.2.3');
  expect([error.name, error.code]).toEqual(['OutboundError', 'outbound_address_refused']);
});
