using Google.Rpc;

namespace Mfn.Server.Calls;

/// <summary>Collects everything that is wrong with a request, by the wire names of its fields.</summary>
internal sealed class RequestProblems
{
    private readonly List<BadRequest.Types.FieldViolation> _violations = [];

    /// <summary>Notes one problem, such as ("spec.grid_size", "must be between 4 and 1024, but was 3").</summary>
    public void Add(string field, string description) =>
        _violations.Add(new BadRequest.Types.FieldViolation { Field = field, Description = description });

    /// <summary>INVALID_ARGUMENT with all problems.</summary>
    public CallRefusedException ToException() => CallRefusedException.InvalidArgument(_violations);

    /// <exception cref="CallRefusedException">There are problems: INVALID_ARGUMENT with all of them.</exception>
    public void ThrowIfAny()
    {
        if (_violations.Count > 0)
        {
            throw ToException();
        }
    }
}
