using System.CommandLine.Completions;
using System.Text.Json;
using System.Text.Json.Serialization;
using Mfn.Client.Files;

namespace Mfn.Cli.Contexts;

/// <summary>The file with the contexts of a user. Only the user may read it, and it is replaced as a whole.</summary>
internal sealed class ContextFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
    };

    private readonly string _path;

    private ContextFile(string path, Content content) => (_path, Current, Contexts) = (path, content.Current, content.Contexts);

    /// <summary>The name of the context that is used unless told otherwise; none if there is none.</summary>
    public string? Current { get; set; }

    /// <summary>The contexts by their names.</summary>
    public SortedDictionary<string, ServerContext> Contexts { get; }

    /// <summary>Where it is: in $XDG_CONFIG_HOME/mfn, which is ~/.config/mfn unless told otherwise.</summary>
    public static string DefaultPath
    {
        get
        {
            var folder = Environment.GetEnvironmentVariable("XDG_CONFIG_HOME") is { Length: > 0 } given && Path.IsPathRooted(given)
                ? given
                : OperatingSystem.IsWindows()
                    ? Environment.GetFolderPath(Environment.SpecialFolder.ApplicationData)
                    : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".config");
            return Path.Combine(folder, "mfn", "contexts.json");
        }
    }

    /// <summary>Reads it; one that is not there has no contexts.</summary>
    /// <exception cref="BadArgumentsException">It cannot be read, or is none.</exception>
    public static ContextFile Load()
    {
        var path = DefaultPath;
        try
        {
            if (File.Exists(path) && FileReplacement.FindProblem(path) is { } problem)
            {
                // To read a pipe would wait for ever.
                throw new IOException($"{problem}.");
            }

            var content = JsonSerializer.Deserialize<Content>(File.ReadAllBytes(path), Json) ?? new Content();
            foreach (var (name, context) in content.Contexts)
            {
                // The serializer takes null for a value of a dictionary, and any text for a URL.
                if (context?.Server is not { IsAbsoluteUri: true } url || url.Scheme is not ("http" or "https"))
                {
                    throw new JsonException($"The server of '{name}' must be a URL that begins with http:// or https://.");
                }
            }

            return new ContextFile(path, content);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return new ContextFile(path, new Content());
        }
        catch (Exception error) when (error is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new BadArgumentsException($"The contexts in '{path}' cannot be read: {error.Message}");
        }
    }

    /// <summary>The context of a name.</summary>
    /// <exception cref="BadArgumentsException">There is none.</exception>
    public ServerContext Get(string name) => Contexts.TryGetValue(name, out var context)
        ? context
        : throw new BadArgumentsException(Contexts.Count == 0
            ? $"There is no context '{name}'; `mfn context add {name} --server URL` makes one."
            : $"There is no context '{name}', but {string.Join(", ", Contexts.Keys)}.");

    /// <summary>The names of the contexts, for a shell to complete; none if the file cannot be read, which a command will say.</summary>
    public static IEnumerable<CompletionItem> Complete()
    {
        try
        {
            return [.. Load().Contexts.Select(entry => new CompletionItem(entry.Key, detail: entry.Value.Server.OriginalString))];
        }
        catch (BadArgumentsException)
        {
            return [];
        }
    }

    /// <summary>Writes it.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Save()
    {
        var folder = Path.GetDirectoryName(_path)!;
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
        }
        else
        {
            Directory.CreateDirectory(folder, OwnerOnly | UnixFileMode.UserExecute);
        }

        FileReplacement.Write(_path, file => JsonSerializer.Serialize(file, new Content { Current = Current, Contexts = Contexts }, Json), OwnerOnly);
    }

    private sealed record Content
    {
        [JsonPropertyName("current")]
        public string? Current { get; init; }

        [JsonPropertyName("contexts")]
        public SortedDictionary<string, ServerContext> Contexts { get; init; } = new(StringComparer.Ordinal);
    }
}
