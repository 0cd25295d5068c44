using Google.Rpc;
using Mfn.Core.Specs;

namespace Mfn.Server.Calls;

/// <summary>Collects everything that is wrong with a request, by the wire names of its fields.</summary>
internal sealed class RequestProblems
{
    // A status travels in headers, which clients accept only up to some size.
    private const int MostListed = 32;

    private readonly List<BadRequest.Types.FieldViolation> _violations = [];
    private int _unlistedCount;

    /// <summary>Whether nothing is wrong so far.</summary>
    public bool IsEmpty => _violations.Count == 0;

    /// <summary>How much is wrong so far.</summary>
    public int Count => _violations.Count + _unlistedCount;

    /// <summary>Notes a value that is out of its range; returns whether it is in it.</summary>
    public bool Check(string field, double value, ParameterRange range)
    {
        if (range.Contains(value))
        {
            return true;
        }

        Add(field, $"must be {range}, but was {ParameterRange.Format(value)}");
        return false;
    }

    /// <summary>Notes one problem, such as ("spec.grid_size", "must be between 4 and 1024, but was 3").</summary>
    public void Add(string field, string description)
    {
        if (_violations.Count == MostListed)
        {
            _unlistedCount++;
            return;
        }

        _violations.Add(new BadRequest.Types.FieldViolation { Field = field, Description = description });
    }

    /// <summary>INVALID_ARGUMENT with all problems, or the first ones and the number of the others.</summary>
    public CallRefusedException ToException() => CallRefusedException.InvalidArgument(
        _unlistedCount == 0
            ? _violations
            : [.. _violations, new BadRequest.Types.FieldViolation { Field = "request", Description = $"has {_unlistedCount} more problems" }]);

    /// <exception cref="CallRefusedException">There are problems: INVALID_ARGUMENT with all of them.</exception>
    public void ThrowIfAny()
    {
        if (_violations.Count > 0)
        {
            throw ToException();
        }
    }
}
