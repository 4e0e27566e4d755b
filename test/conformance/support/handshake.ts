import WebSocket from 'ws';

/** How Realtime answers the wish for a socket: 101 when it opens one, else the status of its refusal. */
export const askForSocket = async (url: string, key?: string): Promise<number> => {
  const query = key === undefined ? '' : `&apikey=${key}`;
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/realtime/v1/websocket?vsn=2.0.0${query}`);
  const status = await new Promise<number>((resolve) => {
    socket.on('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0));
    socket.on('open', () => resolve(101));
    socket.on('error', () => {}); // follows the answer, which has been seen by then
  });
  socket.terminate();
  return status;
};
