using System.Text;

namespace Mfn.Server.Tests.Architecture;

/// <summary>Rooms, and who knows whom.</summary>
internal sealed class RoomGraph
{
    private readonly SortedSet<(string From, string To)> _arrows;

    private RoomGraph(IEnumerable<(string From, string To)> arrows) =>
        _arrows = new(arrows.Where(arrow => arrow.From != arrow.To), Comparer<(string From, string To)>.Create((left, right) =>
            string.CompareOrdinal(left.From, right.From) is var order and not 0 ? order : string.CompareOrdinal(left.To, right.To)));

    public IReadOnlyCollection<(string From, string To)> Arrows => _arrows;

    /// <summary>The projects, by the references of their assemblies: the compiler leaves out those that nothing uses.</summary>
    public static RoomGraph OfProjects(IEnumerable<string> paths) => new(
        paths.SelectMany(path => CodeReferences.AssembliesOf(path).Where(IsOurs).Select(name => (Path.GetFileNameWithoutExtension(path), name))));

    /// <summary>The folders of one project.</summary>
    /// <param name="path">Its assembly.</param>
    /// <param name="root">The namespace that they are in.</param>
    /// <param name="rooms">Their names; a namespace belongs to the one with the longest name that it is in.</param>
    public static RoomGraph OfFolders(string path, string root, string[] rooms)
    {
        return new(
            from reference in CodeReferences.In(path)
            let source = RoomOf(reference.From.Namespace)
            let destination = RoomOf(reference.To.Namespace)
            where source is not null && destination is not null
            select (source, destination));

        string? RoomOf(string space)
        {
            if (space == root)
            {
                return root.Split('.')[^1];
            }

            if (!space.StartsWith(root + ".", StringComparison.Ordinal))
            {
                return null;
            }

            var folder = space[(root.Length + 1)..];

            // What has no room in the list is shown under its own name, so that the rule can refuse it.
            return rooms.Where(room => folder == room || folder.StartsWith(room + ".", StringComparison.Ordinal)).MaxBy(room => room.Length) ?? folder;
        }
    }

    /// <summary>The arrows that do not go down in the order given, nor are among the exceptions; and those of rooms that are not in it.</summary>
    public IReadOnlyList<string> WrongArrows(string[] topDown, params (string From, string To)[] exceptions) =>
    [
        .. _arrows
            .Where(arrow => !exceptions.Contains(arrow))
            .Where(arrow => Array.IndexOf(topDown, arrow.From) is var source && (source < 0 || source >= Array.IndexOf(topDown, arrow.To)))
            .Select(arrow => $"{arrow.From} -> {arrow.To}"),
    ];

    /// <summary>
    /// The graph as Mermaid draws it. An arrow that a way over other rooms stands for is left out; those given, which close circles, are dotted.
    /// </summary>
    public string ToMermaid(params (string From, string To)[] dotted)
    {
        var solid = _arrows.Except(dotted).ToHashSet();
        var text = new StringBuilder("```mermaid\ngraph TD\n");
        foreach (var (source, destination) in _arrows)
        {
            if (dotted.Contains((source, destination)))
            {
                text.Append($"  {Id(source)} -.-> {Id(destination)}\n");
            }
            else if (!solid.Where(arrow => arrow.From == source && arrow.To != destination).Any(arrow => Reaches(arrow.To, destination)))
            {
                text.Append($"  {Id(source)} --> {Id(destination)}\n");
            }
        }

        return text.Append("```\n").ToString();

        bool Reaches(string start, string end)
        {
            var reached = new HashSet<string> { start };
            var waiting = new Queue<string>(reached);
            while (waiting.TryDequeue(out var room))
            {
                foreach (var (_, next) in solid.Where(arrow => arrow.From == room))
                {
                    if (reached.Add(next))
                    {
                        waiting.Enqueue(next);
                    }
                }
            }

            return reached.Contains(end);
        }
    }

    private static bool IsOurs(string assembly) => assembly == "mfn" || assembly.StartsWith("Mfn.", StringComparison.Ordinal);

    private static string Id(string name) => name.Contains('.', StringComparison.Ordinal) ? $"{name.Replace('.', '_')}[{name}]" : name;
}
