import AstraClient, { AsyncQueueClient, NotFoundError, type AstraTaskSummary, type Task } from 'astraflow-sdk';

const client = new AstraClient('YOUR_TOKEN');
client.getTasks({ status: 'active' }).then(console.log);

const summaries: AstraTaskSummary[] = await client.getTasks();
for await (const { name } of client.getTasks({ per_page: 100 })) console.log(name.length);

const queue = new AsyncQueueClient({ apiKey: 'your-api-key' });
const { data, requestId }: { data: { task: Task }; requestId: string | null } = await queue
  .createTask({ callbackUrl: `${queue.baseUrl}/health`, delayUntil: new Date() })
  .withResponse();
console.log(summaries.length, data.task.status, requestId);

try {
  await queue.getTask('nobody');
} catch (error) {
  if (!(error instanceof NotFoundError)) throw error;
  console.log(error.status, error.detail);
}

// @ts-expect-error there is no such status
void (() => client.getTasks({ status: 'nonsense' }));
// @ts-expect-error a task has a name
void (() => client.createTask({}));
