import { ANALYSIS_PAGE, analysisPage } from './analysis-page.ts';
import { CLI_PAGE, cliPage } from './cli-page.ts';
import { CONFIGURATION_PAGE, configurationPage } from './configuration-page.ts';
import { errorPages } from './error-pages.ts';
import { HTTP_PAGE, httpPage } from './http-page.ts';
import { MCP_GATEWAY_PAGE, mcpGatewayPage } from './mcp-gateway-page.ts';
import { OPENAPI_PAGE, openapiPage } from './openapi-page.ts';
import { PROFILES_PAGE, profilesPage } from './profiles-page.ts';
import { REASON_CODES_PAGE, reasonCodesPage } from './reason-codes-page.ts';

/** Every page that is made from the code, or holds what the code prints: path in the repository → text. */
export function referencePages(root: string): ReadonlyMap<string, string> {
  return new Map([
    [REASON_CODES_PAGE, reasonCodesPage()],
    [CLI_PAGE, cliPage()],
    [ANALYSIS_PAGE, analysisPage()],
    [PROFILES_PAGE, profilesPage(root)],
    [HTTP_PAGE, httpPage(root)],
    [CONFIGURATION_PAGE, configurationPage(root)],
    [MCP_GATEWAY_PAGE, mcpGatewayPage(root)],
    [OPENAPI_PAGE, openapiPage()],
    ...errorPages(root),
  ]);
}
