const AstraClient = require('astraflow-sdk');
const { default: Default, AstraClient: Named, AsyncQueueClient, verifyWebhook } = require('astraflow-sdk');

if (AstraClient !== Default || AstraClient !== Named || typeof verifyWebhook !== 'function') {
  throw new Error('the exports do not agree');
}

const client = new AstraClient('YOUR_TOKEN');
client.getTasks({ status: 'active' }).then(console.log);

new AsyncQueueClient('your-api-key').createTask({ callbackUrl: `${client.baseUrl}/health` }).then(console.log);
