namespace Mfn.Server.Tests.Architecture;

/// <summary>Who may know whom. A room is a project, or a folder of one, which is a namespace.</summary>
internal static class Rooms
{
    /// <summary>The projects, each with those that it may know. Some are still to come.</summary>
    public static IReadOnlyDictionary<string, string[]> Projects { get; } = new Dictionary<string, string[]>
    {
        ["Mfn.Core"] = [],
        ["Mfn.Contracts"] = [],
        ["Mfn.Client"] = ["Mfn.Contracts"],
        ["Mfn.Server"] = ["Mfn.Core", "Mfn.Contracts"],
        ["Mfn.OpenApi"] = ["Mfn.Server", "Mfn.Contracts"],
        ["Mfn.Integrations"] = ["Mfn.Server", "Mfn.Core", "Mfn.Contracts"],
        ["Mfn.Cluster"] = ["Mfn.Server", "Mfn.Core", "Mfn.Contracts"],
        ["mfn"] = ["Mfn.Server", "Mfn.Client", "Mfn.Core", "Mfn.Contracts", "Mfn.Integrations", "Mfn.Cluster"],
    };

    /// <summary>The folders of Mfn.Server from the top down: each may know those below it, and no other. Some are still to come.</summary>
    public static string[] Server { get; } =
    [
        "Server",
        "Shutdown",
        "Web",
        "Signals",
        "Federation",
        "Aggregation", "Features", "Fractals", "Membrane", "Simulation", "Validation",
        "Runs",
        "Storage",
        "Translation",
        "Health",
        "Frames",
        "Compute",
        "Pricing",
        "Quotas",
        "Memory",
        "Calls",
        "Audit",
        "Identity",
        "Transport",
        "Observability",
        "Lifetime",
        "Security",
        "Configuration",
        "Secrets",
        "Files",
        "Pictures",
        "Texts",
        "Logging",
    ];

    /// <summary>What knows something above it all the same. No pair may be added: make the one above know the other, or move what both need.</summary>
    public static (string From, string To)[] ServerExceptions { get; } =
    [
        // Translation makes these rooms' orders out of messages, and messages out of their outcomes, which stand beside what uses them.
        ("Translation", "Aggregation"),
        ("Translation", "Runs"),
        ("Translation", "Simulation"),

        // A run's id and position, which its files are named by.
        ("Translation", "Storage"),
    ];

    /// <summary>The folders of Mfn.Core from the top down: each may know those below it, and no other. Some are still to come.</summary>
    public static string[] Core { get; } =
    [
        "Validation",
        "Sampling",
        "Steering",
        "Membrane",
        "Gallery",
        "Explanations",
        "Simulation",
        "Stability",
        "Kinetics",
        "Spectra",
        "Features",
        "Fractals",
        "Signals",
        "Networks",
        "Attention",
        "Plasticity",
        "Aggregation.Attacks",
        "Aggregation",
        "Aggregation.PreAggregations",
        "Aggregation.Rules",
        "Aggregation.Distances",
        "Aggregation.Sorting",
        "Aggregation.Updates",
        "Fields",
        "Statistics",
        "Randomness",
        "Vectors",
        "Specs",
    ];
}
