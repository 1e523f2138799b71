import { registerApprovalRoutes } from './approval-routes.ts';
import { registerAccessRequestRoutes } from './authzen-requests.ts';
import { registerAuthzenRoutes } from './authzen-routes.ts';
import { registerSearchRoutes } from './authzen-search.ts';
import { registerBundleRoutes } from './bundle-routes.ts';
import { registerDecisionRoutes } from './decision-routes.ts';
import { registerHealthRoutes } from './health-routes.ts';
import type { RegisterRoutes } from './http-api.ts';
import { registerLookRoutes } from './look-routes.ts';
import { registerMetricsRoutes } from './metrics-routes.ts';
import { registerOpaBatchRoutes } from './opa/batch-routes.ts';
import { registerDataRoutes } from './opa/data-routes.ts';
import { registerFilterRoutes } from './opa/filters/filter-routes.ts';
import { registerOpaPolicyRoutes } from './opa/policy-routes.ts';
import { registerOpaQueryRoutes } from './opa/query-routes.ts';
import { registerOpenapiRoute } from './openapi-route.ts';
import { registerOperatorProofRoute } from './operator-proof-route.ts';
import { registerOperatorRoutes } from './operator-routes.ts';
import { registerPageRoutes } from './page/page-routes.ts';
import { registerRevocationRoutes } from './revocation-routes.ts';
import { registerSlackRoutes } from './slack-routes.ts';
import { registerStandingRoutes } from './standing-routes.ts';
import { registerStreamRoutes } from './stream-routes.ts';

/** All routes, by what they are about. Each has its row in `openapi/`, which a test holds against these. */
export const ROUTES: readonly RegisterRoutes[] = [
  registerDecisionRoutes,
  registerApprovalRoutes,
  registerStandingRoutes,
  registerOperatorRoutes,
  registerRevocationRoutes,
  registerLookRoutes,
  registerStreamRoutes,
  registerBundleRoutes,
  registerDataRoutes,
  registerOpaQueryRoutes,
  registerFilterRoutes,
  registerOpaPolicyRoutes,
  registerOpaBatchRoutes,
  registerAuthzenRoutes,
  registerSearchRoutes,
  registerAccessRequestRoutes,
  registerHealthRoutes,
  registerMetricsRoutes,
  registerOpenapiRoute,
  registerOperatorProofRoute,
  registerPageRoutes,
  registerSlackRoutes,
];
