export { type AgentReply, agentRequest, type ExecResult, execInside } from './agent-request.ts';
export { launchRunner, type RunnerProcess, requirements } from './runner-process.ts';
