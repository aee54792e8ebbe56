import AstraClient, { AstraError, AsyncFlowClient, type Message } from 'astraflow-sdk';

const client = new AstraClient('YOUR_TOKEN');
client.getTasks({ status: 'active' }).then(console.log);

const flow = new AsyncFlowClient('asyncflow-api-key', { group: 'smoke' });
flow.list().then((messages: Message[]) => console.log(messages.length));

console.log(AstraError.name);
