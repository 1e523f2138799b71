export { LOCAL_ERROR_CODES, LocalError, type LocalErrorCode } from './local-error.ts';
export { type LocalOptions, type LocalPoint, openLocal } from './open-local.ts';
