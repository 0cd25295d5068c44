using System.CommandLine;
using System.Globalization;
using Mfn.Cli.Flags;
using Mfn.Cli.Output;
using Mfn.Server.Identity;

namespace Mfn.Cli.Keys;

/// <summary><c>mfn key</c>: the API keys of servers, in a file that servers follow.</summary>
internal static class KeyCommand
{
    public const string Name = "key";

    private const string CreateName = "create";
    private const string ListName = "list";
    private const string RotateName = "rotate";
    private const string RevokeName = "revoke";

    private const string Examples = """
        Examples:
          mfn key create lab --role operator --keys keys.json
          mfn serve --urls https://0.0.0.0:50051 --set Auth:ApiKeys:File=keys.json --set Tls:CertificateFile=server.pem --set Tls:KeyFile=server.key
          mfn key list --keys keys.json
          mfn key rotate 3f9a1c2b7d04 --grace 1h --keys keys.json

        These commands call no server: they change a file, which every server that has it follows within five seconds. The file has no key, only what a
        key can be recognised by. It is that of --keys, or of MFN_Auth__ApiKeys__File, or keys.json.
        """;

    private const string CreateExamples = """
        Examples:
          mfn key create lab --role operator
          mfn key create partner --role viewer --role contributor --tenant partner --expires 30d
          mfn key create ci --role operator --json

        The key is shown now and never again. What each role may do is in docs/security.md.
        """;

    /// <summary>The examples of the command and those below it, by the commands' paths.</summary>
    public static IReadOnlyDictionary<string, string> ExamplesByPath { get; } = new Dictionary<string, string>
    {
        [Name] = Examples,
        [$"{Name} {CreateName}"] = CreateExamples,
        [$"{Name} {ListName}"] = "Examples:\n  mfn key list\n  mfn key list --keys /etc/mfn/keys.json -o wide",
        [$"{Name} {RotateName}"] = "Examples:\n  mfn key rotate 3f9a1c2b7d04\n  mfn key rotate 3f9a1c2b7d04 --grace 7d --json",
        [$"{Name} {RevokeName}"] = "Examples:\n  mfn key revoke 3f9a1c2b7d04",
    };

    public static Command Create() => new(Name, "Makes, rotates and revokes the API keys of servers.")
    {
        CreateCreate(),
        CreateList(),
        CreateRotate(),
        CreateRevoke(),
    };

    private static Command CreateCreate()
    {
        var name = new Argument<string>("NAME") { HelpName = "NAME", Description = $"Whose key it is: {IdentityName.Rule}." };
        name.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && !IdentityName.IsValid(result.Tokens[0].Value))
            {
                result.AddError($"NAME must be {IdentityName.Rule}, but was '{result.Tokens[0].Value}'.");
            }
        });
        var roles = ChoiceOption.CreateMany("--role", "What it is for. May be repeated.", RoleNames.All);
        roles.Required = true;
        var tenant = new Option<string?>("--tenant") { Description = $"Whose runs it sees. Default: {TenantName.Default}.", HelpName = "TENANT" };
        tenant.Validators.Add(result =>
        {
            foreach (var token in result.Tokens.Where(token => !TenantName.IsValid(token.Value)))
            {
                result.AddError($"--tenant must be {TenantName.Rule}, but was '{token.Value}'.");
            }
        });
        var expires = SpanOption.Create("--expires", "How long it is good. Default: until it is revoked.");
        var file = FileOption();
        var output = new OutputOptions();
        var command = new Command(CreateName, "Makes a key.") { name, roles, tenant, expires, file };
        output.AddTo(command);
        command.SetAction(async (arguments, cancellationToken) =>
        {
            var answer = output.Open(arguments);
            var (text, now) = (ApiKeyText.Create(), Now());
            var key = Make(
                text,
                arguments.GetRequiredValue(name),
                arguments.GetValue(tenant) ?? TenantName.Default,
                arguments.GetValue(roles)!.Aggregate(Roles.None, (all, each) => RoleNames.TryParse(each, out var role) ? all | role : all),
                now,
                now + arguments.GetValue(expires));
            await KeyRing.At(arguments.GetValue(file)).ChangeAsync(mustExist: false, keys => [.. WithRoom(keys, now), key], cancellationToken);
            Tell(answer, key, text, replaced: null);
            return ExitCode.Success;
        });
        return command;
    }

    private static Command CreateList()
    {
        var file = FileOption();
        var output = new OutputOptions("A JSON array");
        var command = new Command(ListName, "Lists the keys, but never a key itself.") { file };
        output.AddTo(command);
        command.SetAction(arguments =>
        {
            var answer = output.Open(arguments);
            var ring = KeyRing.At(arguments.GetValue(file));
            var (uses, now) = (ApiKeyUsage.Read(ring.Path), Now());
            answer.WriteList(
                ring.Read(mustExist: true),
                key => ToJson(key, now).Add("last_used", Text(LastUse(key))),
                new("ID", key => key.Id),
                new("NAME", key => key.Name),
                new("TENANT", key => key.Tenant),
                new("ROLES", key => string.Join(',', RoleNames.Of(key.Roles))),
                new("STATE", key => StateOf(key, now)),
                new("EXPIRES", key => Text(key.Expires) ?? "never"),
                new("LAST USED", key => Text(LastUse(key)) ?? "never"),
                new("CREATED", key => Text(key.Created)!, IsWide: true),
                new("REVOKED", key => Text(key.Revoked) ?? "", IsWide: true));
            return ExitCode.Success;

            DateTimeOffset? LastUse(ApiKey key) => uses.TryGetValue(key.Id, out var time) ? time : null;
        });
        return command;
    }

    private static Command CreateRotate()
    {
        var file = FileOption();
        var id = IdArgument(file);
        var grace = SpanOption.Create("--grace", "How long the old key is good beside the new one. Default: 1h.");
        var expires = SpanOption.Create("--expires", "How long the new key is good. Default: as long as the old one was to be.");
        var output = new OutputOptions();
        var command = new Command(RotateName, "Makes a key that takes the place of another, which ends after a while.") { id, grace, expires, file };
        output.AddTo(command);
        command.SetAction(async (arguments, cancellationToken) =>
        {
            var answer = output.Open(arguments);
            var (text, now) = (ApiKeyText.Create(), Now());
            var end = now + (arguments.GetValue(grace) ?? TimeSpan.FromHours(1));
            ApiKey? made = null, replaced = null;
            await KeyRing.At(arguments.GetValue(file)).ChangeAsync(
                mustExist: true,
                keys =>
                {
                    var old = FindLive(keys, arguments.GetRequiredValue(id), now);
                    replaced = old with { Expires = old.Expires < end ? old.Expires : end };
                    made = Make(text, old.Name, old.Tenant, old.Roles, now, now + (arguments.GetValue(expires) ?? (old.Expires - old.Created)));
                    return [.. WithRoom(keys, now).Select(key => key.Id == old.Id ? replaced : key), made];
                },
                cancellationToken);
            Tell(answer, made!, text, replaced);
            return ExitCode.Success;
        });
        return command;
    }

    private static Command CreateRevoke()
    {
        var file = FileOption();
        var id = IdArgument(file);
        var output = new OutputOptions();
        var command = new Command(RevokeName, "Takes a key back: calls with it are refused within five seconds, and streams end.") { id, file };
        output.AddTo(command);
        command.SetAction(async (arguments, cancellationToken) =>
        {
            var answer = output.Open(arguments);
            var now = Now();
            ApiKey? revoked = null;
            await KeyRing.At(arguments.GetValue(file)).ChangeAsync(
                mustExist: true,
                keys =>
                {
                    revoked = Find(keys, arguments.GetRequiredValue(id));
                    revoked = revoked with { Revoked = revoked.Revoked ?? now };
                    return keys.Select(key => key.Id == revoked.Id ? revoked : key);
                },
                cancellationToken);
            answer.Write(ToJson(revoked!, now), $"revoked {revoked!.Id} of {revoked.Name}");
            return ExitCode.Success;
        });
        return command;
    }

    private static void Tell(Answer answer, ApiKey key, string text, ApiKey? replaced)
    {
        var json = new JsonRecord().Add("id", key.Id).Add("key", text);
        json.Add("name", key.Name).Add("tenant", key.Tenant).Add("roles", RoleNames.Of(key.Roles)).Add("created", Text(key.Created)).Add("expires", Text(key.Expires));
        if (replaced is not null)
        {
            json.Add("replaces", replaced.Id).Add("replaced_expires", Text(replaced.Expires));
        }

        (string, string)[] facts =
        [
            ("id", key.Id),
            ("key", text),
            ("name", key.Name),
            ("tenant", key.Tenant),
            ("roles", string.Join(", ", RoleNames.Of(key.Roles))),
            ("expires", Text(key.Expires) ?? "never"),
        ];
        answer.Write(json, replaced is null ? facts : [.. facts, ("replaces", $"{replaced.Id}, which ends {Text(replaced.Expires)}")]);
        answer.Note("The key is not kept, and cannot be shown again.");
    }

    private static JsonRecord ToJson(ApiKey key, DateTimeOffset now) => new JsonRecord()
        .Add("id", key.Id)
        .Add("name", key.Name)
        .Add("tenant", key.Tenant)
        .Add("roles", RoleNames.Of(key.Roles))
        .Add("state", StateOf(key, now))
        .Add("created", Text(key.Created))
        .Add("expires", Text(key.Expires))
        .Add("revoked", Text(key.Revoked));

    private static string StateOf(ApiKey key, DateTimeOffset now) => key.Revoked is not null ? "revoked" : key.Expires <= now ? "expired" : "good";

    private static ApiKey Make(string text, string name, string tenant, Roles roles, DateTimeOffset now, DateTimeOffset? expires) =>
        new(ApiKeyText.TryGetId(text, out var id) ? id : "", name, tenant, roles, ApiKeyText.Hash(text), now, expires, Revoked: null);

    /// <summary>The keys with room for one more: those that ended first make it.</summary>
    private static IEnumerable<ApiKey> WithRoom(IReadOnlyList<ApiKey> keys, DateTimeOffset now)
    {
        if (keys.Count < ApiKeyFile.MaxKeys)
        {
            return keys;
        }

        var gone = keys.Where(key => StateOf(key, now) != "good").OrderBy(key => key.Revoked ?? key.Expires).FirstOrDefault()
            ?? throw new BadArgumentsException($"--keys has {keys.Count} keys that are good, the most that a file may have. Revoke one.");
        return keys.Where(key => key.Id != gone.Id);
    }

    private static ApiKey FindLive(IReadOnlyList<ApiKey> keys, string id, DateTimeOffset now) => Find(keys, id) is var key && StateOf(key, now) == "good"
        ? key
        : throw new BadArgumentsException($"The key {id} is {StateOf(Find(keys, id), now)}: make another one with `mfn key create`.");

    private static ApiKey Find(IReadOnlyList<ApiKey> keys, string id) => keys.FirstOrDefault(key => key.Id == id)
        ?? throw new BadArgumentsException($"There is no key with the id '{id}'; `mfn key list` shows those that there are.");

    private static Argument<string> IdArgument(Option<string?> file)
    {
        var id = new Argument<string>("ID") { HelpName = "ID", Description = "The key's id." };
        id.CompletionSources.Add(context => KeyRing.At(context.ParseResult.GetValue(file)).Complete());
        return id;
    }

    private static Option<string?> FileOption() => new("--keys") { Description = $"File of the keys. Default: {KeyRing.FileVariable}, or keys.json.", HelpName = "FILE" };

    // Files and answers have whole seconds.
    private static DateTimeOffset Now() => DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds());

    private static string? Text(DateTimeOffset? time) => time?.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
}
