export const TaskPage = () => <h1>Task</h1>;
export const NewTaskPage = () => <h1>New task</h1>;
