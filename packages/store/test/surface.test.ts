import { expect, it } from 'vitest';
import * as store from '../src/index.ts';

it('exports these names and no others', () => {
  expect(Object.keys(store).sort()).toEqual([
    'STORE_ERROR_CODES',
    'StoreError',
    'backupStore',
    'copyPostgresLog',
    'openStore',
    'openStoreReader',
    'restoreStore',
    'scanPages',
  ]);
});

it('has these error codes', () => {
  expect(store.STORE_ERROR_CODES).toEqual([
    'store_closed',
    'store_full',
    'store_read_only',
    'store_corrupt',
    'store_io',
    'store_busy',
    'store_overloaded',
    'store_timeout',
    'store_owner_lost',
    'store_procedure_failed',
    'store_schema_newer',
  ]);
});

it('tells strangers neither path nor value', () => {
  const error = new store.StoreError('store_io', 'disk error at /secret/place');
  expect(error.publicMessage).not.toContain('secret');
  expect([error.name, error.code]).toEqual(['StoreError', 'store_io']);
});
