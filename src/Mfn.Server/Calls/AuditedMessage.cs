using Google.Protobuf;
using Google.Protobuf.Reflection;
using Mfn.Server.Audit;

namespace Mfn.Server.Calls;

/// <summary>Which live run a message is about: by its field <c>run_id</c>, or by its field <c>run</c>, which answers have.</summary>
/// <typeparam name="T">The message's type.</typeparam>
internal static class AuditedMessage<T>
{
    private const int IdLength = 32;

    private static Fields? _fields;

    /// <summary>Notes the run for the events of a call and for its lines in the log, if the message names one in the form that ids have.</summary>
    public static void Describe(AuditedCall? call, CallScope? scope, T message)
    {
        if (message is not IMessage named)
        {
            return;
        }

        var fields = _fields ??= Fields.Of(named.Descriptor);
        if (fields.Id?.Accessor.GetValue(named) is string id && IsId(id))
        {
            Note(call, scope, id);
        }

        if (fields.Run?.Accessor.GetValue(named) is IMessage run && fields.IdOfRun!.Accessor.GetValue(run) is string made && IsId(made))
        {
            if (call is not null)
            {
                call.Created = call.Resource is null || call.Resource == NameOf(made) ? null : NameOf(made);
                call.ResourceName = fields.NameOfRun!.Accessor.GetValue(run) is string { Length: > 0 } name ? name : null;
            }

            Note(call, scope, made);
        }
    }

    private static void Note(AuditedCall? call, CallScope? scope, string id)
    {
        if (call is not null)
        {
            call.Resource ??= NameOf(id);
        }

        if (scope is not null)
        {
            scope.RunId ??= id;
        }
    }

    private static string NameOf(string id) => $"runs/{id}";

    // What a caller writes there instead may be anything.
    private static bool IsId(string text) => text.Length == IdLength && Guid.TryParseExact(text, "N", out _);

    private sealed record Fields(FieldDescriptor? Id, FieldDescriptor? Run, FieldDescriptor? IdOfRun, FieldDescriptor? NameOfRun)
    {
        public static Fields Of(MessageDescriptor message)
        {
            var run = message.FindFieldByName("run") is { FieldType: FieldType.Message, IsRepeated: false } field ? field : null;
            return new Fields(
                message.FindFieldByName("run_id") is { FieldType: FieldType.String } id ? id : null,
                run,
                run?.MessageType.FindFieldByName("run_id"),
                run?.MessageType.FindFieldByName("name"));
        }
    }
}
