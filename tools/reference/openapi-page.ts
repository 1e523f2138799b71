import { openapiDocument } from '@writ/pdp';
import cli from '../../packages/cli/package.json' with { type: 'json' };

export const OPENAPI_PAGE = 'docs/reference/openapi.json';

/** The HTTP API as `GET /openapi.json` shows it. */
export function openapiPage(): string {
  return `${JSON.stringify(openapiDocument(cli.version), undefined, 2)}\n`;
}
