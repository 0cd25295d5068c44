using Grpc.Core;
using Mfn.Server.Identity;

namespace Mfn.Server.Audit;

/// <summary>
/// Calls that anybody can make in any number, such as refused ones: in each minute the first are told one by one, the others by their number, so that a flood neither fills
/// the log nor hides in it. Thread-safe.
/// </summary>
internal sealed class AlikeCalls(TimeProvider clock)
{
    /// <summary>Events a minute that tell of one call each, from callers who are not known.</summary>
    public const int MostOfStrangers = 16;

    /// <summary>The same of one kind from one caller who is known.</summary>
    public const int MostOfOneKind = 10;

    /// <summary>Kinds that are counted one by one in a minute; those that come later are one kind for each outcome.</summary>
    public const int MostKinds = 256;

    /// <summary>What is counted together.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    private const string Several = "several";

    private readonly Lock _lock = new();
    private readonly Dictionary<CallKind, Tally> _tallies = [];
    private long _start;
    private int _strangerCount;

    /// <summary>Whether something is counted that is to be told when the minute is over.</summary>
    public bool HasOpenWindow
    {
        get
        {
            lock (_lock)
            {
                return _tallies.Count > 0;
            }
        }
    }

    /// <summary>Counts a call.</summary>
    /// <param name="call">The event that would tell of it.</param>
    /// <param name="mayTell">Whether there is room for one.</param>
    /// <returns>Whether the event is to be told; if not, it is counted.</returns>
    public bool ShouldTell(AuditEvent call, bool mayTell)
    {
        var kind = new CallKind(call.Caller, call.Caller is null ? AddressOf(call.Peer) : null, call.Rpc, call.Code, call.Reason);
        lock (_lock)
        {
            if (_tallies.Count == 0)
            {
                (_start, _strangerCount) = (clock.GetTimestamp(), 0);
            }

            if (!_tallies.TryGetValue(kind, out var tally))
            {
                if (_tallies.Count >= MostKinds)
                {
                    kind = new CallKind(null, Several, Several, call.Code, call.Reason);
                    mayTell = false;
                }

                if (!_tallies.TryGetValue(kind, out tally))
                {
                    tally = _tallies[kind] = new Tally();
                }
            }

            if (mayTell && (call.Caller is null ? _strangerCount < MostOfStrangers : tally.ToldCount < MostOfOneKind))
            {
                _strangerCount += call.Caller is null ? 1 : 0;
                tally.ToldCount++;
                return true;
            }

            tally.First ??= call.Time;
            tally.Last = call.Time;
            tally.Count++;
            tally.Permission = call.Permission;
            return false;
        }
    }

    /// <summary>The events that tell of what was counted, if its minute is over, or the server ends.</summary>
    public IReadOnlyList<AuditEvent> Take(bool isEnd)
    {
        lock (_lock)
        {
            if (_tallies.Count == 0 || (!isEnd && clock.GetElapsedTime(_start) < Window))
            {
                return [];
            }

            AuditEvent[] events =
            [
                .. from each in _tallies
                   where each.Value.Count > 0
                   select new AuditEvent(AuditEventKind.Calls, each.Value.Last)
                   {
                       Caller = each.Key.Caller,
                       Peer = each.Key.Address,
                       Rpc = each.Key.Rpc,
                       Permission = each.Key.Rpc == Several ? null : each.Value.Permission,
                       Code = each.Key.Code,
                       Reason = each.Key.Reason,
                       Facts = [("count", each.Value.Count), ("first", each.Value.First!.Value)],
                   },
            ];
            _tallies.Clear();
            return events;
        }
    }

    // Of a peer's connections each has a port of its own.
    private static string? AddressOf(string? peer) => peer?.LastIndexOf(':') is > 0 and var end ? peer[..end] : peer;

    private readonly record struct CallKind(CallerIdentity? Caller, string? Address, string? Rpc, StatusCode? Code, string? Reason);

    private sealed class Tally
    {
        public int ToldCount { get; set; }

        public long Count { get; set; }

        public DateTimeOffset? First { get; set; }

        public DateTimeOffset Last { get; set; }

        public string? Permission { get; set; }
    }
}
