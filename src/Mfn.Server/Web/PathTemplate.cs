using System.Diagnostics.CodeAnalysis;

namespace Mfn.Server.Web;

/// <summary>The form of the paths of a method, such as <c>/v1/runs/{run_id}:fork</c>: segments, some of which stand for a field, then maybe a verb.</summary>
internal sealed class PathTemplate
{
    private readonly string[] _segments;

    public PathTemplate(string text)
    {
        Text = text;
        (_segments, Verb) = Split(text);
        Fields = [.. _segments.Where(IsField).Select(segment => segment[1..^1])];
    }

    /// <summary>As the contract has it.</summary>
    public string Text { get; }

    /// <summary>What follows the colon; null if there is none.</summary>
    public string? Verb { get; }

    /// <summary>The fields that segments stand for, in their order.</summary>
    public IReadOnlyList<string> Fields { get; }

    /// <summary>Whether a path is of this form, and what stands in it for the fields.</summary>
    public bool Matches(string path, [NotNullWhen(true)] out string[]? values)
    {
        values = null;
        var (segments, verb) = Split(path);
        if (verb != Verb || segments.Length != _segments.Length)
        {
            return false;
        }

        var found = new List<string>(Fields.Count);
        for (var i = 0; i < segments.Length; i++)
        {
            if (IsField(_segments[i]))
            {
                if (segments[i].Length == 0)
                {
                    return false;
                }

                found.Add(segments[i]);
            }
            else if (segments[i] != _segments[i])
            {
                return false;
            }
        }

        values = [.. found];
        return true;
    }

    private static bool IsField(string segment) => segment.StartsWith('{');

    private static (string[] Segments, string? Verb) Split(string path)
    {
        var colon = path.LastIndexOf(':');
        var (place, verb) = colon > path.LastIndexOf('/') ? (path[..colon], path[(colon + 1)..]) : (path, null);
        return (place.Split('/'), verb);
    }
}
