// Every operation that the tests ask of the JavaScript SDK, through AWS_ENDPOINT_URL alone; prints what came back.
import { SageMakerRuntimeClient, InvokeEndpointCommand, InvokeEndpointAsyncCommand,
         InvokeEndpointWithResponseStreamCommand } from "@aws-sdk/client-sagemaker-runtime";
import { SageMakerFeatureStoreRuntimeClient, PutRecordCommand, GetRecordCommand,
         BatchGetRecordCommand } from "@aws-sdk/client-sagemaker-featurestore-runtime";
import { SageMakerClient, ListNotebookInstancesCommand, ListTrainingJobsCommand,
         CreateEndpointCommand } from "@aws-sdk/client-sagemaker";

const runtime = new SageMakerRuntimeClient({});
const store = new SageMakerFeatureStoreRuntimeClient({});
const api = new SageMakerClient({});
const text = (bytes) => new TextDecoder().decode(bytes);
const EndpointName = "myEndpoint";
const FeatureGroupName = "group";
const seen = {};

const invoked = await runtime.send(new InvokeEndpointCommand(
    { EndpointName, Body: "{}", ContentType: "application/json" }));
seen.invoke = JSON.parse(text(invoked.Body));
const queued = await runtime.send(new InvokeEndpointAsyncCommand({ EndpointName, InputLocation: "s3://bucket/in" }));
seen.async = queued.OutputLocation;
const streamed = await runtime.send(new InvokeEndpointWithResponseStreamCommand({ EndpointName, Body: "{}" }));
seen.stream = [];
for await (const event of streamed.Body)
    seen.stream.push(text(event.PayloadPart.Bytes));

await store.send(new PutRecordCommand(
    { FeatureGroupName, Record: [{ FeatureName: "id", ValueAsString: "7" }] }));
const record = await store.send(new GetRecordCommand({ FeatureGroupName, RecordIdentifierValueAsString: "7" }));
seen.record = record.Record[0].ValueAsString;
const batch = await store.send(new BatchGetRecordCommand(
    { Identifiers: [{ FeatureGroupName, RecordIdentifiersValueAsString: ["7"] }] }));
seen.batch = batch.Records.length;

seen.notebooks = (await api.send(new ListNotebookInstancesCommand({}))).NotebookInstances.length;
seen.jobs = (await api.send(new ListTrainingJobsCommand({}))).TrainingJobSummaries.length;
seen.created = (await api.send(new CreateEndpointCommand(
    { EndpointName: "e", EndpointConfigName: "c" }))).EndpointArn;
try {
    await runtime.send(new InvokeEndpointCommand({ EndpointName: "forbidden", Body: "{}" }));
} catch (error) {
    seen.denied = error.name;
}
console.log(JSON.stringify(seen));
