namespace Mfn.Cli.Topics;

/// <summary>Something that <c>mfn help</c> tells about: sections of the documentation's pages, which are part of the executable.</summary>
/// <param name="Name">What it is asked for by.</param>
/// <param name="Summary">What it tells, in a few words.</param>
/// <param name="Page">The page, such as streaming.md.</param>
/// <param name="Headings">The sections of the page, in this order; the whole page if there are none.</param>
internal sealed record Topic(string Name, string Summary, string Page, params string[] Headings)
{
    public static IReadOnlyList<Topic> All { get; } =
    [
        new("getting-started", "the first picture, a run to watch and steer", "README.md", "Start", "Watch and steer"),
        new("install", "as a tool, as one file; what starts how fast", "install.md"),
        new("pictures", "fields on the terminal, keys of the live view, PNG files", "pictures.md"),
        new("units", "volts and millivolts, steps and cells, durations", "terms.md", "Units"),
        new("terms", "what the words mean: run, frame, watcher, Byzantine", "terms.md", "Terms"),
        new("answers", "tables and JSON, quiet and verbose", "command-line.md", "Answers"),
        new("contexts", "servers with a name, and how a command finds its server", "command-line.md", "Servers"),
        new("environment", "the variables that count", "command-line.md", "Environment"),
        new("exit-codes", "what the process returns", "command-line.md", "Exit codes"),
        new("parameters", "what a simulation computes, and the ranges of its parameters", "numerics.md", "The field"),
        new("definitions", "what the eighteen features are", "numerics.md", "Features"),
        new("live-runs", "what a watcher can rely on, history, steering", "streaming.md", "What a watcher can rely on", "History", "Steering"),
        new("resume", "what happens to a watcher that is slow, and how it goes on", "streaming.md", "Deliveries", "Statuses of WatchRun and SteerRun"),
        new("encodings", "how large a frame is, and how exact", "streaming.md", "Frames"),
        new("rules", "the aggregation rules, what each does and needs", "aggregation.md", "Admission", "Rules"),
        new("pre-aggregation", "what a rule may get instead of the updates", "aggregation.md", "Pre-aggregation"),
        new("settings", "every setting of a server, with default and range", "configuration.md", "Configuration of `mfn serve`"),
        new("certificates", "which certificates a server takes of its own and of its clients", "configuration.md", "Certificates"),
        new("memory", "how much a server takes, and what bounds it", "configuration.md", "Memory"),
        new("durability", "runs that survive the server", "durability.md"),
        new("files", "NPY, .npz and safetensors, pipes, outputs", "files.md"),
        new("calling", "gRPC from .NET, Python and other languages", "calling.md"),
        new("status-codes", "what each status means, and what a client does about it", "status-codes.md"),
    ];

    /// <summary>The topic of a name, which may also be that of a whole page; none if there is no such topic.</summary>
    public static Topic? Find(string name)
    {
        name = name.ToLowerInvariant();
        return All.FirstOrDefault(topic => topic.Name == name)
            ?? (typeof(Topic).Assembly.GetManifestResourceInfo($"documentation/{name}.md") is null ? null : new Topic(name, "", $"{name}.md"));
    }

    /// <summary>The topic as text for a terminal.</summary>
    public string Read(int width)
    {
        using var stream = typeof(Topic).Assembly.GetManifestResourceStream($"documentation/{Page}")
            ?? throw new InvalidOperationException($"The page {Page} is not part of the executable.");
        using var reader = new StreamReader(stream);
        var page = reader.ReadToEnd();
        var sections = Headings.Length == 0 ? [page] : Headings.Select(heading => MarkdownText.Section(page, heading));
        return MarkdownText.Render(string.Join("\n", sections), width);
    }
}
