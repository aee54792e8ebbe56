import AstraClient, { AstraClient as Named, AsyncQueueClient, verifyWebhook } from 'astraflow-sdk';

if (AstraClient !== Named || typeof verifyWebhook !== 'function') throw new Error('the exports do not agree');

const client = new AstraClient('YOUR_TOKEN');
client.getTasks({ status: 'active' }).then(console.log);

const { tasks } = await new AsyncQueueClient('your-api-key').listTasks({ limit: 1 });
console.log(tasks);
