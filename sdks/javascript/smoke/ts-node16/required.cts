import AstraClient = require('astraflow-sdk');

const client: AstraClient = new AstraClient('YOUR_TOKEN');
const queue: AstraClient.AsyncQueueClient = new AstraClient.AsyncQueueClient('your-api-key');

async function main(): Promise<void> {
  console.log(await client.getTasks({ status: 'active' }));
  const { task }: { task: AstraClient.Task } = await queue.createTask({ callbackUrl: `${queue.baseUrl}/health` });
  console.log(task.status);
}

void main();
