-- For development only; never pushed: everybody who signs up gets a workspace of his own.
update durabase.instance_settings set sign_up = 'personal_workspace', updated_at = now() where sign_up = 'run_only';
