// Answers many questions of policies: a JSON object a line in, a JSON object a line out.
// Documents with principals are read as resource policies, since that is what this version looks at principals in.
import { createInterface } from 'node:readline'
import { loadPolicy } from '@cloud-copilot/iam-policy'

const simulate = new URL('node_modules/@cloud-copilot/iam-simulate/dist/esm/', import.meta.url)
const { analyzeIdentityPolicies, analyzeResourcePolicy } = await import(
  new URL('core_engine/CoreSimulatorEngine.js', simulate))
const { AwsRequestImpl } = await import(new URL('request/request.js', simulate))
const { RequestContextImpl } = await import(new URL('requestContext.js', simulate))

const decisions = {
  Allowed: 'allowed',
  AllowedForAccount: 'allowed',
  ExplicitlyDenied: 'explicit_deny',
  DeniedForAccount: 'explicit_deny',
  ImplicitlyDenied: 'implicit_deny',
}
const parameters = { simulationMode: 'Strict', discoveryContextKeyConstraints: { constraintFor: () => ({}) } }

function decideOne(document, request) {
  const policy = loadPolicy(document, { name: 'policy' })
  const withPrincipals = [document.Statement].flat().some((one) => one.Principal || one.NotPrincipal)
  const analysis = withPrincipals
    ? analyzeResourcePolicy(policy, request, false, parameters)
    : analyzeIdentityPolicies([policy], request, parameters, 'identity')
  return decisions[analysis.result]
}

function decide({ policies, action, resource, principal, context }) {
  const account = resource?.split(':')[4] ?? '123456789012'
  const request = new AwsRequestImpl(principal, { resource: resource ?? '*', accountId: account }, action,
    new RequestContextImpl(context), !resource)
  const all = policies.map((document) => decideOne(document, request))
  return all.find((one) => one === 'explicit_deny') ?? all.find((one) => one === 'implicit_deny') ?? 'allowed'
}

for await (const line of createInterface({ input: process.stdin })) {
  let answer
  try {
    answer = { decision: decide(JSON.parse(line)) }
  } catch (error) {
    answer = { error: String(error) }
  }
  process.stdout.write(JSON.stringify(answer) + '\n')
}
