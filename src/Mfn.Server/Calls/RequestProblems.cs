using Google.Rpc;
using Mfn.Core.Specs;

namespace Mfn.Server.Calls;

/// <summary>Collects everything that is wrong with a request, by the wire names of its fields.</summary>
internal sealed class RequestProblems
{
    // More than a refusal has room for.
    private const int MostKept = 32;

    private readonly List<BadRequest.Types.FieldViolation> _violations = [];

    /// <summary>Whether nothing is wrong so far.</summary>
    public bool IsEmpty => Count == 0;

    /// <summary>How much is wrong so far.</summary>
    public int Count { get; private set; }

    /// <summary>The first ones.</summary>
    public IEnumerable<(string Field, string Description)> All => _violations.Select(violation => (violation.Field, violation.Description));

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
        Count++;
        if (_violations.Count < MostKept)
        {
            _violations.Add(new BadRequest.Types.FieldViolation { Field = field, Description = description });
        }
    }

    /// <summary>Notes what others have found.</summary>
    public void Add(RequestProblems others)
    {
        Count += others.Count;
        _violations.AddRange(others._violations.Take(MostKept - _violations.Count));
    }

    /// <summary>INVALID_ARGUMENT with all problems, or the first ones and the number of the others.</summary>
    public CallRefusedException ToException() => CallRefusedException.InvalidArgument(_violations, Count);

    /// <summary>The same of a request that is a field of another: its name goes before theirs.</summary>
    public RequestProblems In(string field)
    {
        var outer = new RequestProblems { Count = Count };
        outer._violations.AddRange(_violations.Select(violation => new BadRequest.Types.FieldViolation { Field = $"{field}.{violation.Field}", Description = violation.Description }));
        return outer;
    }

    /// <exception cref="CallRefusedException">There are problems: INVALID_ARGUMENT with all of them.</exception>
    public void ThrowIfAny()
    {
        if (!IsEmpty)
        {
            throw ToException();
        }
    }
}
