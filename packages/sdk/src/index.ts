export { toSnake as toWire } from './case.ts';
export { Miosa, type RawRequest } from './client.ts';
export type { MiosaOptions } from './config.ts';
export * from './errors.ts';
export type { Fetch, FetchInit, FetchResponse, Payload } from './fetch.ts';
export { List, type Page } from './page.ts';
export type { ApiKey, AuditEntry, AuditVerdict, DeviceCodes, Identity, NewApiKey, Session } from './resources/access.ts';
export type { AdminTenant, AdminUser } from './resources/admin.ts';
export type { BrowserToken, Settings } from './resources/browserTokens.ts';
export type { BulkOperation } from './resources/bulk.ts';
export type { RunOptions } from './resources/commands.ts';
export type { Deployment, DeploymentData } from './resources/deployment.ts';
export type {
  DeploymentBuild,
  DeploymentBuildLine,
  DeploymentInstance,
  DeploymentLogLine,
  DeploymentRelease,
  DeploymentVersion,
  PublishResult,
} from './resources/deployments.ts';
export type { EventFilters, EventStreamOptions, MiosaEvent } from './resources/events.ts';
export type { Command, ExecEvent, ExecOptions, ExecResult } from './resources/exec.ts';
export type { SandboxFile, WriteOptions } from './resources/files.ts';
export type { LogLine, LogStreamOptions } from './resources/logs.ts';
export type { Invite, Member, NewInvite } from './resources/members.ts';
export type { MetricPoint, SandboxMetrics } from './resources/metrics.ts';
export type { BlockedTraffic, NetworkPolicy } from './resources/networkPolicy.ts';
export type { EnvVariable, Port, Preview, PreviewToken, Share } from './resources/previews.ts';
export type { Process, ProcessOptions } from './resources/processes.ts';
export type { Sandbox, SandboxData } from './resources/sandbox.ts';
export type { SandboxCreate, SandboxFilters, SandboxRun } from './resources/sandboxes.ts';
export type { Snapshot } from './resources/snapshots.ts';
export type { BuildLogLine, BuildSpec, Template, TemplateBuild } from './resources/templates.ts';
export type { Project, Tenant, Workspace } from './resources/tenancy.ts';
export { Terminal, type TerminalEnd, type TerminalOptions } from './resources/terminal.ts';
export type { Tunnel } from './resources/tunnel.ts';
export type { UploadFile, UploadOptions, UploadProgress } from './resources/upload.ts';
export type { FileChange, FileWatch, WatchOptions } from './resources/watch.ts';
export type { CallOptions } from './transport.ts';
