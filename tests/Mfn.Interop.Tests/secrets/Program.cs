using Mfn.SecretFakes;

// For clients of other languages: both servers, until standard input ends. The secrets are those that python/test_secret_fakes.py looks for.
await using var vault = new FakeVault(TimeProvider.System);
vault.AddToken("hvs.root-of-the-fake", TimeSpan.Zero, isRenewable: false);
vault.AddToken("hvs.short-of-the-fake", TimeSpan.FromMinutes(10));
vault.AddToken("hvs.blind-of-the-fake", TimeSpan.FromMinutes(10), mayRead: false);
vault.AddKubernetesRole("mfn", "jwt-of-the-fake", TimeSpan.FromMinutes(10));
vault.AddAppRole("role-of-the-fake", "id-of-the-fake", TimeSpan.FromMinutes(10));
await vault.StartAsync();
await using var aws = new FakeSecretsManager(TimeProvider.System);
aws.AddKey("AKIAFAKE", "secret-of-the-fake");
aws.AddKey("ASIAFAKE", "other-secret-of-the-fake", "session-of-the-fake");
await aws.StartAsync();
Console.WriteLine($"{vault.Address} {aws.Address}");
await Console.In.ReadToEndAsync();
