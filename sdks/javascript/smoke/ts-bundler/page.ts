// What a page would do: there is no Node.js around it.
import AstraClient, { AsyncQueueClient, verifyWebhook, type NewTask } from 'astraflow-sdk';

declare const BASE_URL: string;
declare const finished: (problem: unknown) => void;

async function main(): Promise<void> {
  const client = new AstraClient('YOUR_TOKEN', { baseUrl: BASE_URL });
  console.log(await client.getTasks({ status: 'active' }));

  const queue = new AsyncQueueClient('your-api-key', { baseUrl: BASE_URL });
  const order: NewTask = { callbackUrl: `${BASE_URL}/health`, method: 'GET' };
  const { task } = await queue.createTask(order);
  console.log((await queue.wait(task.id, { maxWait: 20_000 })).task.status);

  await verifyWebhook('{}', new Headers(), 'whsec_AAAA').catch(({ message }: Error) => console.log(message));
}

main().then(() => finished(null), finished);
