using System.CommandLine;
using Mfn.Cli.Flags;
using Mfn.Cli.Output;
using Mfn.Client;

namespace Mfn.Cli.Contexts;

/// <summary><c>mfn context</c>: servers that have a name here.</summary>
internal static class ContextCommand
{
    public const string Name = "context";

    private const string AddName = "add";
    private const string UseName = "use";
    private const string ListName = "list";
    private const string ShowName = "show";
    private const string RemoveName = "remove";
    private const int LongestName = 64;

    private const string Examples = """
        Examples:
          mfn context add lab --server https://lab.example:50051 --tls-ca lab.pem --key-file lab.key
          mfn context use lab
          mfn run list                         of the lab's server
          mfn run list --context other         of another one's

        A context has the URL of a server, the files of TLS, and the API key. Where a command's server is, says the first of: --server or --context,
        MFN_SERVER or MFN_CONTEXT, the context in use. A context's certificates and key are sent to its own server only.
        """;

    private const string AddExamples = """
        Examples:
          mfn context add here --server http://127.0.0.1:50051
          mfn context add lab --server https://lab.example:50051 --tls-ca lab.pem --tls-cert me.pem --tls-key me.key
          mfn context add lab --server https://lab.example:50051 --key-file ~/lab.key --replace

        The first context is in use at once. The file with the contexts can be read by its owner alone; a key in a file of its own is not copied.
        """;

    /// <summary>The examples of the command and those below it, by the commands' paths.</summary>
    public static IReadOnlyDictionary<string, string> ExamplesByPath { get; } = new Dictionary<string, string>
    {
        [Name] = Examples,
        [$"{Name} {AddName}"] = AddExamples,
        [$"{Name} {UseName}"] = "Examples:\n  mfn context use lab",
        [$"{Name} {ListName}"] = "Examples:\n  mfn context list\n  mfn context list --json",
        [$"{Name} {ShowName}"] = "Examples:\n  mfn context show\n  mfn context show lab --json",
        [$"{Name} {RemoveName}"] = "Examples:\n  mfn context remove lab",
    };

    public static Command Create() => new(Name, "Names servers, and what it takes to be let in.")
    {
        CreateAdd(),
        CreateUse(),
        CreateList(),
        CreateShow(),
        CreateRemove(),
    };

    private static Command CreateAdd()
    {
        var name = NameArgument("What to call it: letters, digits, '.', '_' and '-'.");
        var server = UrlOption.Create("--server", "URL of the server, http:// or https://.", isRequired: true);
        var authority = ExistingFile("--tls-ca", "PEM file with the authorities that the server's certificate must chain to.");
        var certificate = ExistingFile("--tls-cert", "PEM file with the client's certificate.");
        var certificateKey = ExistingFile("--tls-key", "PEM file with the key of the client's certificate.");
        var key = new Option<string?>("--key") { Description = "API key; it is stored as it is. Other users of the machine may see a command line: --key-file is safer.", HelpName = "KEY" };
        var keyFile = ExistingFile("--key-file", "File whose first line is the API key; it is read each time.");
        var replace = new Option<bool>("--replace") { Description = "Replace the context of that name." };
        var output = new OutputOptions();

        var command = new Command(AddName, "Gives a server a name.") { name, server, authority, certificate, certificateKey, key, keyFile, replace };
        output.AddTo(command);
        command.SetAction(arguments =>
        {
            var answer = output.Open(arguments);
            var problems = new List<string>();
            var url = arguments.GetRequiredValue(server)!;
            arguments.RequireFor(url.Scheme == "https", "with an https:// server", problems, authority, certificate, certificateKey);
            if (arguments.IsGiven(certificate) != arguments.IsGiven(certificateKey))
            {
                problems.Add("--tls-cert and --tls-key must be given together.");
            }

            if (arguments.IsGiven(key) && arguments.IsGiven(keyFile))
            {
                problems.Add("--key and --key-file exclude one another.");
            }

            if (arguments.GetValue(key) is "")
            {
                problems.Add("--key must not be empty.");
            }

            if ((arguments.IsGiven(key) || arguments.IsGiven(keyFile)) && !MfnClientOptions.MayCarryKey(url))
            {
                problems.Add(ServerTarget.KeyInTheClear(url));
            }

            BadArgumentsException.ThrowIfAny(problems);
            var file = ContextFile.Load();
            var word = arguments.GetRequiredValue(name);
            if (file.Contexts.ContainsKey(word) && !arguments.GetValue(replace))
            {
                throw new BadArgumentsException($"There is a context '{word}' already; --replace replaces it.");
            }

            var context = new ServerContext
            {
                Server = url,
                AuthorityFile = Absolute(arguments.GetValue(authority)),
                CertificateFile = Absolute(arguments.GetValue(certificate)),
                CertificateKeyFile = Absolute(arguments.GetValue(certificateKey)),
                Key = arguments.GetValue(key),
                KeyFile = Absolute(arguments.GetValue(keyFile)),
            };
            file.Contexts[word] = context;
            file.Current ??= word;
            file.Save();
            answer.Write(ToJson(file, word), $"added {word}, {context.Server.OriginalString}{(file.Current == word ? ", in use" : "")}");
            if (file.Current != word)
            {
                answer.Note($"use it: mfn context use {word}");
            }

            return ExitCode.Success;
        });
        return command;
    }

    private static Command CreateUse()
    {
        var name = KnownNameArgument("The context.");
        var output = new OutputOptions();
        var command = new Command(UseName, "Takes a context for all commands that name no server.") { name };
        output.AddTo(command);
        command.SetAction(arguments =>
        {
            var answer = output.Open(arguments);
            var file = ContextFile.Load();
            var word = arguments.GetRequiredValue(name);
            var context = file.Get(word);
            file.Current = word;
            file.Save();
            answer.Write(ToJson(file, word), $"using {word}, {context.Server.OriginalString}");
            return ExitCode.Success;
        });
        return command;
    }

    private static Command CreateList()
    {
        var output = new OutputOptions("A JSON array");
        var command = new Command(ListName, "Lists the contexts.");
        output.AddTo(command);
        command.SetAction(arguments =>
        {
            var answer = output.Open(arguments);
            var file = ContextFile.Load();
            answer.WriteList(
                [.. file.Contexts],
                each => ToJson(file, each.Key),
                new("NAME", each => each.Key),
                new("IN USE", each => each.Key == file.Current ? "yes" : ""),
                new("SERVER", each => each.Value.Server.OriginalString),
                new("KEY", each => each.Value.KeyPlace),
                new("AUTHORITIES", each => each.Value.AuthorityFile ?? "", IsWide: true),
                new("CERTIFICATE", each => each.Value.CertificateFile ?? "", IsWide: true));
            return ExitCode.Success;
        });
        return command;
    }

    private static Command CreateShow()
    {
        var name = KnownNameArgument("The context. Default: the one in use.");
        name.Arity = ArgumentArity.ZeroOrOne;
        var output = new OutputOptions();
        var command = new Command(ShowName, "Shows a context, but never its key.") { name };
        output.AddTo(command);
        command.SetAction(arguments =>
        {
            var answer = output.Open(arguments);
            var file = ContextFile.Load();
            var word = arguments.GetValue(name) ?? file.Current ?? throw new BadArgumentsException("No context is in use; name one.");
            var context = file.Get(word);
            answer.Write(
                ToJson(file, word),
                ("name", $"{word}{(word == file.Current ? ", in use" : "")}"),
                ("server", context.Server.OriginalString),
                ("tls-ca", context.AuthorityFile ?? "none"),
                ("tls-cert", context.CertificateFile ?? "none"),
                ("tls-key", context.CertificateKeyFile ?? "none"),
                ("key", context.KeyPlace));
            return ExitCode.Success;
        });
        return command;
    }

    private static Command CreateRemove()
    {
        var name = KnownNameArgument("The context.");
        var output = new OutputOptions();
        var command = new Command(RemoveName, "Forgets a context.") { name };
        output.AddTo(command);
        command.SetAction(arguments =>
        {
            var answer = output.Open(arguments);
            var file = ContextFile.Load();
            var word = arguments.GetRequiredValue(name);
            file.Get(word);
            var removed = ToJson(file, word);
            file.Contexts.Remove(word);
            file.Current = file.Current == word ? null : file.Current;
            file.Save();
            answer.Write(removed, $"removed {word}");
            return ExitCode.Success;
        });
        return command;
    }

    private static JsonRecord ToJson(ContextFile file, string name)
    {
        var context = file.Contexts[name];
        return new JsonRecord()
            .Add("name", name)
            .Add("in_use", name == file.Current)
            .Add("server", context.Server.OriginalString)
            .Add("tls_ca", context.AuthorityFile)
            .Add("tls_cert", context.CertificateFile)
            .Add("tls_key", context.CertificateKeyFile)
            .Add("has_key", context.Key is not null || context.KeyFile is not null)
            .Add("key_file", context.KeyFile);
    }

    private static Argument<string> KnownNameArgument(string description)
    {
        var argument = NameArgument(description);
        argument.CompletionSources.Add(_ => ContextFile.Complete());
        return argument;
    }

    private static Argument<string> NameArgument(string description)
    {
        var argument = new Argument<string>("NAME") { HelpName = "NAME", Description = description };
        argument.Validators.Add(result =>
        {
            var word = result.Tokens.Count > 0 ? result.Tokens[0].Value : null;
            if (word is not null && (word.Length is 0 or > LongestName || !word.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '_' or '-')))
            {
                result.AddError($"NAME must be 1 to {LongestName} letters, digits, '.', '_' and '-', but was '{word}'.");
            }
        });
        return argument;
    }

    private static Option<string?> ExistingFile(string name, string description)
    {
        var option = new Option<string?>(name) { Description = description, HelpName = "FILE" };
        option.Validators.Add(result =>
        {
            foreach (var token in result.Tokens.Where(token => !File.Exists(token.Value)))
            {
                result.AddError($"{name} must be an existing file, but was '{token.Value}'.");
            }
        });
        return option;
    }

    private static string? Absolute(string? path) => path is null ? null : Path.GetFullPath(path);
}
