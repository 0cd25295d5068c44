using System.Text.RegularExpressions;

namespace Mfn.Server.Tests.Architecture;

/// <summary>
/// Who knows whom, as it is compiled: against the rules in <see cref="Rooms"/>, and against the pictures in docs/architecture.md. With
/// UPDATE_ARCHITECTURE=1 in the environment the pictures are drawn anew instead.
/// </summary>
public sealed partial class ArchitectureTests
{
    private const string Update = "UPDATE_ARCHITECTURE";

    private static readonly string[] Assemblies =
        [.. Rooms.Projects.Keys.Select(PathOf).Where(File.Exists)];

    private static RoomGraph Projects => RoomGraph.OfProjects(Assemblies);

    private static RoomGraph Server => RoomGraph.OfFolders(PathOf("Mfn.Server"), "Mfn.Server", Rooms.Server);

    private static RoomGraph Core => RoomGraph.OfFolders(PathOf("Mfn.Core"), "Mfn.Core", Rooms.Core);

    [Fact]
    public void Projects_EachArrow_IsAllowed()
    {
        Assert.Equal(
            Directory.EnumerateDirectories(Path.Combine(RootFolder(), "src")).Select(Path.GetFileName).Where(name => File.Exists(ProjectFile(name!))).Order(),
            Assemblies.Select(path => Path.GetFileNameWithoutExtension(path) is var name && name == "mfn" ? "Mfn.Cli" : name).Order());
        Assert.All(Projects.Arrows, arrow => Assert.Contains(arrow.To, Rooms.Projects[arrow.From]));
        Assert.Contains(("Mfn.Server", "Mfn.Core"), Projects.Arrows);
    }

    [Fact]
    public void ServerFolders_EachArrow_GoesDown()
    {
        Assert.Empty(Server.WrongArrows(Rooms.Server, Rooms.ServerExceptions));
        Assert.Contains(("Runs", "Storage"), Server.Arrows);
    }

    [Fact]
    public void ServerFolders_EachException_IsStillNeeded() => Assert.Subset(Server.Arrows.ToHashSet(), Rooms.ServerExceptions.ToHashSet());

    [Fact]
    public void CoreFolders_EachArrow_GoesDown()
    {
        Assert.Empty(Core.WrongArrows(Rooms.Core));
        Assert.Contains(("Simulation", "Vectors"), Core.Arrows);
    }

    [Fact]
    public void Core_Assembly_NeedsNothingButTheRuntimeAndTensors()
    {
        // The runtime's own assemblies lie beside the one that object is in.
        var runtime = Path.GetDirectoryName(typeof(object).Assembly.Location)!;

        Assert.All(
            CodeReferences.AssembliesOf(PathOf("Mfn.Core")),
            name => Assert.True(name == "System.Numerics.Tensors" || File.Exists(Path.Combine(runtime, name + ".dll")), $"Mfn.Core needs {name}."));
    }

    [Fact]
    public void Core_EachType_IsWithoutFilesNetworkClockAndTasks()
    {
        string[] forbidden = ["System.Net", "System.IO.Pipelines", "Microsoft"];
        string[] forbiddenTypes =
        [
            "System.IO.File", "System.IO.FileStream", "System.IO.Stream", "System.IO.Directory", "System.Console", "System.Random",
            "System.Threading.Tasks.Task", "System.Threading.Tasks.Task`1", "System.Threading.Tasks.ValueTask", "System.Threading.Tasks.ValueTask`1",
            "System.DateTime", "System.DateTimeOffset", "System.TimeProvider", "System.Diagnostics.Stopwatch",
        ];

        Assert.Empty(CodeReferences.In(PathOf("Mfn.Core"))
            .Where(reference => forbiddenTypes.Contains(reference.To.FullName)
                || forbidden.Any(space => reference.To.Namespace == space || reference.To.Namespace.StartsWith(space + ".", StringComparison.Ordinal)))
            .Select(reference => $"{reference.From.FullName} -> {reference.To.FullName}")
            .Distinct());
    }

    /// <summary>Only handlers see a message and the core at once, and only translation may look into both.</summary>
    [Fact]
    public void CoreAndContracts_MeetInTranslationAndHandlersAlone()
    {
        var meeting = CodeReferences.In(PathOf("Mfn.Server"))
            .GroupBy(reference => reference.From.FullName, reference => reference.To.Namespace)
            .Where(type => type.Any(space => space == "Mfn.Contracts.V1") && type.Any(space => space.StartsWith("Mfn.Core.", StringComparison.Ordinal)))
            .Select(type => type.Key)
            .Where(type => !type.StartsWith("Mfn.Server.Translation.", StringComparison.Ordinal) && !type.EndsWith("Service", StringComparison.Ordinal));

        // Parts of handlers: aggregation without a server; starting, importing, listing and steering runs. A run's log has commands as they were sent.
        string[] others =
        [
            "Mfn.Server.Aggregation.LocalAggregation",
            "Mfn.Server.Runs.CheckpointUpload",
            "Mfn.Server.Runs.RunCreation",
            "Mfn.Server.Runs.RunLoader",
            "Mfn.Server.Runs.RunPage",
            "Mfn.Server.Runs.RunRecorder",
            "Mfn.Server.Runs.SteeringStream",
        ];
        Assert.Equal(others, meeting.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("projects")]
    [InlineData("server")]
    [InlineData("core")]
    public void Picture_InTheDocs_IsThatOfTheCode(string name)
    {
        var path = Path.Combine(RootFolder(), "docs", "architecture.md");
        var page = File.ReadAllText(path);
        var drawn = name switch
        {
            "projects" => Projects.ToMermaid(),
            "server" => Server.ToMermaid(Rooms.ServerExceptions),
            _ => Core.ToMermaid(),
        };
        var picture = Picture().Matches(page).Single(match => match.Groups["name"].Value == name).Groups["picture"];
        if (Environment.GetEnvironmentVariable(Update) is not null)
        {
            lock (Assemblies)
            {
                File.WriteAllText(path, page[..picture.Index] + drawn + page[(picture.Index + picture.Length)..]);
            }

            return;
        }

        Assert.True(drawn == picture.Value, $"{path} does not show what is compiled. If that is right, run the tests with {Update}=1. Compiled is:\n{drawn}");
    }

    [GeneratedRegex("<!-- picture (?<name>[a-z]+) -->\n(?<picture>.*?)<!-- end -->", RegexOptions.Singleline)]
    private static partial Regex Picture();

    private static string PathOf(string assembly) => Path.Combine(AppContext.BaseDirectory, assembly + ".dll");

    private static string ProjectFile(string folder) => Path.Combine(RootFolder(), "src", folder, folder + ".csproj");

    private static string RootFolder()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Mfn.sln")))
        {
            folder = folder.Parent ?? throw new DirectoryNotFoundException("The tests do not lie in the repository.");
        }

        return folder.FullName;
    }
}
