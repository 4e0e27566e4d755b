export const TasksPage = () => <h1>Tasks</h1>;
